import { render, screen, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import type { Series } from '@/api/contract';
import { cost, instance, NOON } from '@/testing/samples';
import { CostCards } from './CostPart';
import { IdleCard } from './IdleCard';
import { SeriesCards } from './SeriesCards';
import { UsageFigures } from './UsageFigures';

describe('figures', () => {
  it('that were not told are unknown and never 0', () => {
    render(<UsageFigures instance={instance()} />);

    expect(screen.getAllByText('unknown').length).toBeGreaterThanOrEqual(5);
    expect(screen.queryByText(/^\$?0/)).toBeNull();
  });

  it('carry their unit and their moment', () => {
    const usage = {
      as_of: NOON,
      gpu_util_percent: 85,
      gpu_temperature_c: 61,
      gpu_memory_used_mib: null,
      cpu_percent: null,
      ram_used_bytes: 8_703_819_776,
      disk_used_bytes: null,
    };

    render(<UsageFigures instance={instance({ usage, cost_so_far_usd: 0.0021 })} />);

    expect(screen.getByText('85 %')).toBeDefined();
    expect(screen.getByText('8.7 GB')).toBeDefined();
    expect(screen.getByText('$0.0021')).toBeDefined();
    expect(screen.getAllByText(/as of/).length).toBeGreaterThan(0);
  });
});

describe('sleep', () => {
  it('is judged unknown where the agent has not spoken', () => {
    render(<IdleCard instance={instance()} />);

    const region = screen.getByRole('region', { name: 'Sleep' });
    expect(within(region).getByText('unknown')).toBeDefined();
  });
});

describe('cost', () => {
  it('shows our metering with its uncertainty beside the bill that has not come', () => {
    const line = {
      rental_id: 'rent_1',
      contract_id: '20000855',
      provider: 'vast',
      kind: 'download',
      seconds: null,
      bytes: null,
      rate: 0.0013,
      usd: 0,
      uncertainty_usd: 0.000006,
      from: NOON,
      to: null,
    };

    render(<CostCards cost={cost({ lines: [line] })} />);

    const row = screen.getByRole('row', { name: /20000855/ });
    expect(within(row).getAllByText('unknown')).toHaveLength(2);
    expect(within(row).getByText('$0.0013/GB')).toBeDefined();
    expect(screen.getByText('$0.408, ± $0.00092')).toBeDefined();
  });
});

describe('a chart', () => {
  const point = (at: string, gpu: number | null) => ({
    at,
    gpu_util_percent: gpu,
    gpu_temperature_c: null,
    cpu_percent: null,
    ram_used_bytes: null,
  });
  const series: Series = {
    instance_id: 'inst_1',
    as_of: NOON,
    items: [point('2026-11-30T11:59:00Z', 20), point('2026-11-30T11:59:30Z', null), point(NOON, 85)],
  };

  it('has a caption that says what is known and what is missing', () => {
    render(<SeriesCards series={series} />);

    const figure = screen.getByRole('figure', { name: /GPU load/ });
    expect(within(figure).getByText(/20 % to 85 %.*1 of 3 moments unknown/)).toBeDefined();
    expect(screen.getByRole('figure', { name: /GPU temperature/ }).textContent).toContain('unknown');
  });

  it('says the same as a table, the newest first', async () => {
    render(<SeriesCards series={series} />);

    const figure = screen.getByRole('figure', { name: /GPU load/ });
    within(figure).getByText('Show as a table').click();

    const rows = await within(figure).findAllByRole('row');
    expect(rows.slice(1).map((row) => row.lastElementChild?.textContent)).toEqual(['85 %', 'unknown', '20 %']);
  });
});
