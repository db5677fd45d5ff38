import { useId, useState } from 'react';
import { wholeMoment } from '@/format/time';
import { Plot } from './Plot';
import styles from './series.module.css';
import { Table } from './Table';
import { At, Unknown } from './Values';

export interface SeriesPoint {
  readonly at: string;
  /** null: it was not measured. */
  readonly value: number | null;
}

interface Props {
  readonly caption: string;
  readonly points: readonly SeriesPoint[];
  readonly words: (value: number) => string;
  /** The top of the scale where there is one. */
  readonly most?: number;
}

/** A line over time, with what it says in words and the same figures as a table. */
export function SeriesFigure({ caption, points, words, most }: Props) {
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const known = points.flatMap(({ value }) => (value === null ? [] : [value]));
  return (
    <figure className={styles.figure} aria-labelledby={id}>
      <figcaption id={id}>
        <strong>{caption}</strong>
        <span>{summary(points, known, words)}</span>
      </figcaption>
      {known.length > 0 ? <Plot points={points} words={words} most={most} /> : null}
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>Show as a table</summary>
        {isOpen ? (
          <Table
            caption={`${caption}, the newest first`}
            rows={points.toReversed()}
            rowKey={(point) => point.at}
            columns={[
              { name: 'At', cell: (point) => <At at={point.at} /> },
              {
                name: caption,
                isNumber: true,
                cell: ({ value }) => (value === null ? <Unknown /> : words(value)),
              },
            ]}
          />
        ) : null}
      </details>
    </figure>
  );
}

function summary(
  points: readonly SeriesPoint[],
  known: readonly number[],
  words: (value: number) => string,
): string {
  const [first, last] = [points[0], points.at(-1)];
  if (known.length === 0 || !first || !last) return 'not measured: unknown';
  const range = `${words(Math.min(...known))} to ${words(Math.max(...known))}`;
  const missing = points.length - known.length;
  const gaps = missing > 0 ? `, ${missing} of ${points.length} moments unknown` : '';
  return `${range} since ${wholeMoment(new Date(first.at))}${gaps}`;
}
