import type { Instance } from '@/api/contract';
import { Card, Facts, type Fact } from '@/design/Layout';
import { Empty } from '@/design/Notice';
import { Command, Known, Since } from '@/design/Values';
import { usdPerHour } from '@/format/money';
import { amount } from '@/format/size';

/** The machine beneath it now, and the ways in. */
export function AccessCard({ instance }: { readonly instance: Instance }) {
  return (
    <Card title="Machine">
      {instance.machine ? (
        <Facts facts={[...machineFacts(instance), ...workspaceFacts(instance)]} />
      ) : (
        <>
          <NoMachine state={instance.state} />
          <Facts facts={workspaceFacts(instance)} />
        </>
      )}
    </Card>
  );
}

function NoMachine({ state }: { readonly state: Instance['state'] }) {
  if (state === 'asleep') {
    return (
      <Empty title="It has no machine, and costs nothing but its snapshot">
        <p>Wake it: it comes back on any machine that fits, with every file as it was.</p>
      </Empty>
    );
  }
  if (state === 'destroyed') {
    return (
      <Empty title="It is gone">
        <p>Its snapshots, where they were kept, can start a new workspace.</p>
      </Empty>
    );
  }
  return (
    <Empty title="No machine is its own yet">
      <p>It shows here as soon as one is ready.</p>
    </Empty>
  );
}

function machineFacts({ gpu, machine, ssh, ports, agent_seen_at, ...rest }: Instance): Fact[] {
  const reachable = (ports ?? []).filter((port) => port.inside !== 22);
  return [
    { name: 'GPU', value: <Known value={gpu} as={(g) => `${g.count} × ${g.name}, ${amount(g.ram_gb, 'GB')} each`} /> },
    { name: 'Price', value: <Known value={rest.price_usd_per_hour} as={usdPerHour} /> },
    {
      name: 'Where',
      value: (
        <>
          <Known value={machine?.geolocation} as={String} />, {machine?.provider} machine {machine?.machine_id}
        </>
      ),
    },
    {
      name: 'Log in',
      value: (
        <Known
          value={ssh}
          as={({ host, port, user = 'root' }) => (
            <Command name="the ssh command" text={`ssh -p ${port} ${user}@${host}`} />
          )}
        />
      ),
    },
    {
      name: 'Ports',
      value: reachable.length
        ? reachable.map((port) => `${port.inside} at ${port.host ?? 'unknown'}:${port.outside}`).join(', ')
        : 'none',
    },
    { name: 'Its agent spoke', value: <Since at={agent_seen_at} /> },
  ];
}

function workspaceFacts(instance: Instance): Fact[] {
  return [
    { name: 'Image', value: <code>{instance.image}</code> },
    { name: 'Disk', value: amount(instance.disk_gb, 'GB') },
    { name: 'Id', value: <Command name="the id" text={instance.id} /> },
  ];
}
