/** The job files that the tour shows. */

export const TOUR_JOB = `import { job, z } from 'mcp2cli/jobs';

export default job({
  name: 'release',
  description: 'Deploys a version, and says where it is',
  inputSchema: { version: z.string() },
  outputSchema: { url: z.string() },
  retry: { maxAttempts: 3 },
})(async ({ version }, ctx) => {
  ctx.log(\`releasing \${version}\`);
  const { url } = await ctx.call<{ url: string }>('demo', 'deploy', { version, duration: 1 });
  return { url };
});
`;

export const TOUR_WORKFLOW = `import { workflow, z } from 'mcp2cli/jobs';

export default workflow({
  name: 'ship',
  description: 'Releases a version twice, one after the other',
  inputSchema: { version: z.string() },
  steps: [
    { id: 'candidate', jobName: 'release', input: (steps, { version }) => ({ version: \`\${version}-rc1\` }) },
    { id: 'final', jobName: 'release', dependsOn: ['candidate'], input: (steps, { version }) => ({ version }) },
  ],
});
`;
