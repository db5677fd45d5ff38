import { useQuery } from '@tanstack/react-query';
import type { Cost, CostLine } from '@/api/contract';
import { Card, Facts, Note } from '@/design/Layout';
import { Empty, Notice } from '@/design/Notice';
import { Table, type Column } from '@/design/Table';
import { AsOf, Known } from '@/design/Values';
import { usd, usdPerGb, usdPerHour } from '@/format/money';
import { bytes } from '@/format/size';
import { duration } from '@/format/time';
import { useApi } from '@/parts/connection';
import { Loaded } from '@/parts/Loaded';
import { shortId } from '@/parts/states';
import { costQuery } from './queries';
import { useShownInstance } from './useShownInstance';

export function CostPart() {
  const instance = useShownInstance();
  const cost = useQuery(costQuery(useApi(), instance.id));
  return (
    <Loaded query={cost} what="the cost">
      {(answer) => <CostCards cost={answer} />}
    </Loaded>
  );
}

const LINES: readonly Column<CostLine>[] = [
  {
    name: 'Rental',
    cell: (line) => (
      <>
        {line.provider} <code>{line.contract_id ?? shortId(line.rental_id)}</code>
      </>
    ),
  },
  { name: 'For', cell: (line) => line.kind },
  { name: 'How much', isNumber: true, cell: (line) => quantityOf(line) },
  {
    name: 'Rate',
    isNumber: true,
    cell: (line) => (isTraffic(line) ? usdPerGb(line.rate) : usdPerHour(line.rate)),
  },
  {
    name: 'By our metering',
    isNumber: true,
    cell: (line) => (
      <>
        {usd(line.usd)}
        <Note>± {usd(line.uncertainty_usd)}</Note>
      </>
    ),
  },
  { name: 'Billed', isNumber: true, cell: (line) => <Known value={line.billed_usd} as={usd} /> },
];

/** Our own metering beside the provider's bill, line by line. */
export function CostCards({ cost }: { readonly cost: Cost }) {
  return (
    <>
      <Card title="In all" aside={cost.as_of ? <AsOf at={cost.as_of} /> : null}>
        <Facts
          facts={[
            { name: 'By our metering', value: `${usd(cost.total_usd)}, ± ${usd(cost.uncertainty_usd)}` },
            {
              name: 'Billed',
              value: (
                <Known value={cost.billed_usd} as={(value) => <>{usd(value)}, <AsOf at={cost.billed_as_of} /></>} />
              ),
            },
          ]}
        />
        {cost.differences.length > 0 ? (
          <Notice tone="warn">
            {cost.differences.length} lines of the bill are further from ours than we are unsure.
          </Notice>
        ) : null}
      </Card>
      <Card title="Line by line">
        {cost.lines.length === 0 ? (
          <Empty title="Nothing was rented yet">
            <p>Each machine that is rented for this workspace brings its lines here.</p>
          </Empty>
        ) : (
          <Table
            caption="What each rental cost"
            columns={LINES}
            rows={cost.lines}
            rowKey={(line) => `${line.rental_id} ${line.kind}`}
          />
        )}
      </Card>
    </>
  );
}

function isTraffic(line: CostLine): boolean {
  return line.kind === 'download' || line.kind === 'upload';
}

function quantityOf(line: CostLine) {
  if (isTraffic(line)) return <Known value={line.bytes} as={bytes} />;
  return <Known value={line.seconds} as={(seconds) => duration(seconds * 1000)} />;
}
