import type { BudgetBody } from '@/api/contract';

/** The cap that a form asks for. What is no amount is left to the API to refuse. */
export function limitIn(fields: FormData): BudgetBody {
  const instanceId = textIn(fields, 'instance_id');
  return {
    instance_id: instanceId || null,
    period: textIn(fields, 'period') === 'hourly' ? 'hourly' : 'monthly',
    cap_usd: Number(textIn(fields, 'cap_usd')),
    at_limit: atLimitIn(textIn(fields, 'at_limit')),
  };
}

function atLimitIn(text: string): NonNullable<BudgetBody['at_limit']> {
  return text === 'warn' || text === 'hibernate' ? text : 'block';
}

function textIn(fields: FormData, name: string): string {
  const value = fields.get(name);
  return typeof value === 'string' ? value.trim() : '';
}
