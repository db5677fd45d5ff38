import type { Instance } from '@/api/contract';
import { Figures } from '@/design/Layout';
import { AsOf, Known } from '@/design/Values';
import { usd, usdPerHour } from '@/format/money';
import { amount, bytes } from '@/format/size';

/** What its machine does and costs now; a figure that was not told is unknown. */
export function UsageFigures({ instance }: { readonly instance: Instance }) {
  const { usage } = instance;
  const asOf = usage ? <AsOf at={usage.as_of} /> : null;
  return (
    <Figures
      figures={[
        {
          name: 'Cost so far',
          value: <Known value={instance.cost_so_far_usd} as={usd} />,
          note: (
            <>
              now <Known value={instance.price_usd_per_hour} as={usdPerHour} />
            </>
          ),
        },
        { name: 'GPU load', value: <Known value={usage?.gpu_util_percent} as={percent} />, note: asOf },
        {
          name: 'GPU temperature',
          value: <Known value={usage?.gpu_temperature_c} as={(value) => amount(value, '°C')} />,
          note: asOf,
        },
        { name: 'CPU load', value: <Known value={usage?.cpu_percent} as={percent} />, note: asOf },
        { name: 'Memory in use', value: <Known value={usage?.ram_used_bytes} as={bytes} />, note: asOf },
      ]}
    />
  );
}

function percent(value: number): string {
  return amount(value, '%');
}
