/** The definitions that a server has: those it was built with, and those that were registered. */
import type { Job, Workflow } from './job.ts';
import { JOBS, WORKFLOWS } from './jobs.ts';

export interface Filter {
  tags?: string[] | undefined;
  labels?: Record<string, string> | undefined;
  query?: string | undefined;
}

type Definition = Job | Workflow;

class Definitions<One extends Definition> {
  readonly #built: readonly One[];
  #registered: One[] = [];

  constructor(built: readonly One[]) {
    this.#built = built;
  }

  find(name: string): One | undefined {
    return this.#all.find((one) => one.name === name);
  }

  /** One of the tags, all of the labels, and the query anywhere in name or description. */
  search({ tags = [], labels = {}, query = '' }: Filter): One[] {
    const words = query.toLowerCase();
    return this.#all.filter(
      (one) =>
        !('hideFromDiscovery' in one && one.hideFromDiscovery) &&
        `${one.name}\n${one.description ?? ''}`.toLowerCase().includes(words) &&
        (tags.length === 0 || tags.some((tag) => one.tags?.includes(tag))) &&
        Object.entries(labels).every(([name, value]) => one.labels?.[name] === value),
    );
  }

  register(one: One): void {
    this.#registered.push(one);
  }

  remove(name: string): void {
    this.#registered = this.#registered.filter((one) => one.name !== name);
  }

  /** Registered definitions are in no store, whichever the server has. */
  forget(): void {
    this.#registered = [];
  }

  get #all(): One[] {
    return [...this.#built, ...this.#registered];
  }
}

export class Registry {
  readonly jobs = new Definitions<Job>(JOBS);
  readonly workflows = new Definitions<Workflow>(WORKFLOWS);

  forget(): void {
    this.jobs.forget();
    this.workflows.forget();
  }
}
