import type { BackgroundJob, JobHealth } from '@/api/contract';
import { Badge } from '@/design/Badge';
import { Note } from '@/design/Layout';
import { Table, type Column } from '@/design/Table';
import { At, Known, Since } from '@/design/Values';
import { amount } from '@/format/size';

type Job = BackgroundJob | JobHealth;

const COLUMNS: readonly Column<Job>[] = [
  { name: 'Job', cell: (job) => job.name.replaceAll('_', ' ') },
  { name: 'Health', cell: (job) => <HealthBadge healthy={job.healthy} /> },
  { name: 'Runs', cell: (job) => whenOf(job) },
  { name: 'Last success', cell: (job) => lastOf(job) },
  { name: 'Left waiting', isNumber: true, cell: (job) => backlogOf(job) },
  { name: 'Last error', cell: (job) => errorOf(job) },
];

export function BackgroundTable({ jobs }: { readonly jobs: readonly Job[] }) {
  return (
    <Table caption="Background jobs" columns={COLUMNS} rows={jobs} rowKey={(job) => job.name} />
  );
}

function HealthBadge({ healthy }: { readonly healthy: boolean | null }) {
  if (healthy === null) return <Badge tone="still">nothing has run yet</Badge>;
  return <Badge tone={healthy ? 'good' : 'bad'}>{healthy ? 'healthy' : 'not healthy'}</Badge>;
}

function whenOf(job: Job) {
  if ('schedule' in job && job.schedule) {
    return (
      <>
        on schedule <code>{job.schedule}</code>
      </>
    );
  }
  if ('topic' in job && job.topic) {
    return (
      <>
        at <code>{job.topic}</code>
      </>
    );
  }
  return 'is told to those who are signed in';
}

function lastOf(job: Job) {
  if (!('last_success_at' in job) || !job.last_success_at) return 'never';
  return <Since at={job.last_success_at} />;
}

function backlogOf(job: Job) {
  const backlog = 'backlog' in job ? job.backlog : null;
  return <Known value={backlog} as={(count) => amount(count, 'items')} />;
}

function errorOf(job: Job) {
  if (!('last_error' in job) || !job.last_error) return 'none';
  return (
    <>
      {job.last_error}
      <Note>
        <At at={job.last_error_at} />
      </Note>
    </>
  );
}
