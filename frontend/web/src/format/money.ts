/**
 * US dollars with their sign: cents from a dollar on, three decimals below, and below a cent two
 * digits that count. Nothing that cost something reads as $0.
 */
export function usd(amount: number): string {
  const sign = amount < 0 ? '-' : '';
  return `${sign}$${digits(Math.abs(amount))}`;
}

function digits(amount: number): string {
  if (amount === 0) return '0.00';
  if (amount >= 0.9995) return amount.toLocaleString('en-US', TWO);
  if (amount >= 0.00995) return amount.toFixed(3);
  return Math.max(amount, 0.000001).toFixed(decimals(amount));
}

const TWO = { minimumFractionDigits: 2, maximumFractionDigits: 2 } as const;

function decimals(amount: number): number {
  return Math.min(6, 1 - Math.floor(Math.log10(amount)));
}

export function usdPerHour(amount: number): string {
  return `${usd(amount)}/h`;
}

export function usdPerGb(amount: number): string {
  return `${usd(amount)}/GB`;
}
