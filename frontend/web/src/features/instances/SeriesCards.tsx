import type { Point, Series } from '@/api/contract';
import { SeriesFigure } from '@/design/SeriesFigure';
import { Card, Columns } from '@/design/Layout';
import { Empty } from '@/design/Notice';
import { AsOf } from '@/design/Values';
import { amount, bytes } from '@/format/size';

interface Shown {
  readonly caption: string;
  readonly value: (point: Point) => number | null;
  readonly words: (value: number) => string;
  readonly most?: number;
}

const SHOWN: readonly Shown[] = [
  { caption: 'GPU load', value: (p) => p.gpu_util_percent, words: percent, most: 100 },
  { caption: 'GPU temperature', value: (p) => p.gpu_temperature_c, words: (v) => amount(v, '°C') },
  { caption: 'CPU load', value: (p) => p.cpu_percent, words: percent, most: 100 },
  { caption: 'Memory in use', value: (p) => p.ram_used_bytes, words: bytes },
];

/** What its machines measured, one figure for each quantity. */
export function SeriesCards({ series }: { readonly series: Series }) {
  const points = series.items;
  return (
    <Card title="Measured" aside={series.as_of ? <AsOf at={series.as_of} /> : null}>
      {points.length === 0 ? (
        <Empty title="Nothing is measured yet">
          <p>Its agent tells of the machine every few seconds while this page is open.</p>
        </Empty>
      ) : (
        <Columns>
          {SHOWN.map(({ caption, value, words, most }) => (
            <SeriesFigure
              key={caption}
              caption={caption}
              words={words}
              {...(most === undefined ? {} : { most })}
              points={points.map((point) => ({ at: point.at, value: value(point) }))}
            />
          ))}
        </Columns>
      )}
    </Card>
  );
}

function percent(value: number): string {
  return amount(value, '%');
}
