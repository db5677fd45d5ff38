const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** Decimal units, as disks and prices are counted: `5.2 MB`. */
export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= 999.95 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit] ?? ''}`;
}

/** A figure with its unit; at most one decimal, but what is there never reads as 0. */
export function amount(value: number, unit: string): string {
  const digits =
    value < 0.1 ? { maximumSignificantDigits: 1 } : { maximumFractionDigits: value < 100 ? 1 : 0 };
  return `${value.toLocaleString('en-US', digits)} ${unit}`;
}

/** A share of 0 to 1 as a percentage; only what is certain reads as 100%. */
export function share(value: number): string {
  const percent = value * 100;
  if (percent <= 99 || percent >= 100) return `${percent.toFixed(0)}%`;
  return `${(Math.floor(percent * 10) / 10).toFixed(1)}%`;
}
