import { useEffect, useRef } from 'react';
import uPlot, { type AlignedData, type Options } from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { SeriesPoint } from './SeriesFigure';
import styles from './series.module.css';

interface Props {
  readonly points: readonly SeriesPoint[];
  readonly words: (value: number) => string;
  readonly most: number | undefined;
}

const HEIGHT = 144;

/** Draws the line. It is for the eye alone: the figure around it says the same in words. */
export function Plot({ points, words, most }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const drawn = dataOf(points);
  const latest = useRef(drawn);

  useEffect(() => {
    latest.current = drawn;
    plot.current?.setData(drawn);
  });

  useEffect(() => {
    const around = place.current;
    if (!around || !canDraw()) return;
    const made = new uPlot(optionsOf(around, words, most), latest.current, around);
    plot.current = made;
    const watcher = new ResizeObserver(() => {
      made.setSize({ width: around.clientWidth, height: HEIGHT });
    });
    watcher.observe(around);
    const scheme = window.matchMedia('(prefers-color-scheme: dark)');
    const redraw = () => made.redraw(false);
    scheme.addEventListener('change', redraw);
    const theme = new MutationObserver(redraw);
    theme.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      watcher.disconnect();
      theme.disconnect();
      scheme.removeEventListener('change', redraw);
      made.destroy();
      plot.current = null;
    };
  }, [words, most]);

  return <div ref={place} className={styles.plot} aria-hidden="true" />;
}

/** Without a canvas there is still the table. */
function canDraw(): boolean {
  return document.createElement('canvas').getContext('2d') !== null;
}

function dataOf(points: readonly SeriesPoint[]): AlignedData {
  return [points.map(({ at }) => Date.parse(at) / 1000), points.map(({ value }) => value)];
}

/** Colours are read when they are drawn, so that they follow the theme. */
function optionsOf(around: HTMLElement, words: (value: number) => string, most?: number): Options {
  const ink = () => getComputedStyle(around).color;
  const soft = () => getComputedStyle(around.parentElement ?? around).color;
  const line = () => getComputedStyle(around).borderInlineStartColor;
  const axis = { stroke: soft, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  return {
    width: around.clientWidth || 320,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_, least, top) => [Math.min(0, least), most ?? roomAbove(top)] } },
    axes: [
      { ...axis, grid: { show: false }, space: 90, values: (_, splits) => splits.map(clock) },
      { ...axis, size: 64, space: 36, values: (_, splits) => splits.map(words) },
    ],
    series: [{}, { stroke: ink, width: 2, points: { show: false }, spanGaps: false }],
  };
}

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

function clock(seconds: number): string {
  return CLOCK.format(seconds * 1000);
}

function roomAbove(top: number): number {
  return top > 0 ? top * 1.15 : 1;
}
