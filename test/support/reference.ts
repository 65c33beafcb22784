/** The command lines of the reference document "Background Jobs", as they stand there, by heading. */
const DOCUMENT = `
## Overview
# Submit a background job
work deploy --version 2.0 --background
# → Job submitted: job_abc123 (task: task_xyz789)
# Check status
work jobs show --latest
# → status: running, remote status: running
# Wait for completion
work jobs wait --latest
# → status: completed, result: { ... }

## The --background Flag
work deploy --version 2.0 --background
work export --dataset full --format parquet --background
work batch-process --input data.csv --background

## List Jobs
work jobs list

## Show Job Details
# By ID
work jobs show job_abc123
# Latest job
work jobs show --latest

## Wait for Completion
work jobs wait job_abc123
work jobs wait --latest

## Cancel a Job
work jobs cancel job_abc123
work jobs cancel --latest

## Watch Job Progress
work jobs watch job_abc123
work jobs watch --latest

## JSON Output
work --json jobs list | jq '.[].status'
work --json jobs show --latest | jq '.data.remote'
work --json jobs wait --latest | jq '.data.result'

## CI/CD Deployment Pipeline
#!/bin/bash
set -e
# Submit deployment
RESULT=$(work --json deploy --version "$VERSION" --background)
JOB_ID=$(echo "$RESULT" | jq -r '.data.job_id')
echo "Deployment submitted: $JOB_ID"
# Wait for completion with timeout
if ! timeout 600 work jobs wait "$JOB_ID"; then
echo "Deployment timed out"
work jobs cancel "$JOB_ID"
exit 1
fi
echo "Deployment complete"

## Parallel Background Operations
# Submit multiple jobs
work export --dataset users --background
work export --dataset orders --background
work export --dataset analytics --background
# Monitor all
work jobs list
`;

/** Everything below a heading, verbatim. */
export function section(heading: string): string {
  const found = DOCUMENT.split('\n## ').find((part) => part.startsWith(`${heading}\n`));
  if (found === undefined) throw new Error(`the document has no ${heading}`);
  return found.slice(heading.length + 1).trim();
}

/** The command lines below a heading, one by one, the document's example id replaced by a real one. */
export function commands(heading: string, jobId = 'job_abc123'): string[] {
  return section(heading)
    .split('\n')
    .filter((line) => line.startsWith('work '))
    .map((line) => line.replace('job_abc123', jobId));
}
