/** The plan of a workflow of job files, which our own host lists with its tool: it is on record with the job, before the host hears of the run. */
import { markOf } from '../../catalog/host-mark.ts';
import { isObject } from '../../lib/json/json.ts';
import type { ToolDefinition } from '../../tools/tool.ts';
import type { WorkflowPlan } from '../record.ts';

/** What a run of this tool goes by, where it is a workflow of job files. To be asked of tools of our own host alone: others may list anything. */
export function listedPlan(tool: ToolDefinition): WorkflowPlan | undefined {
  const { plan } = markOf(tool);
  return isObject(plan) && Array.isArray(plan['steps']) ? (plan as WorkflowPlan) : undefined;
}
