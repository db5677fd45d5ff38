import { describe, expect, it } from 'vitest';
import { filterIn, orderIn } from './filter';
import { orderOf } from './order';

function form(fields: Readonly<Record<string, string>>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  return data;
}

describe('conditions', () => {
  it('are taken from an address', () => {
    const given = { gpu_name: ' RTX 4090 ', max_price: 0.6, verified_only: true, order_by: 'score' };

    expect(filterIn(given)).toEqual({ ...given, gpu_name: 'RTX 4090' });
  });

  it('that are none are left to the API', () => {
    expect(filterIn({ gpu_name: '', max_price: 'cheap', num_gpus: -1, order_by: 'luck', x: 1 })).toEqual({});
  });

  it('keep an offer whose id reads as a number', () => {
    expect(orderIn({ offer_id: 20000532 })).toEqual({ offer_id: '20000532' });
  });
});

describe('an order', () => {
  it('names one offer, which has no rivals', () => {
    const order = orderOf(form({ label: 'paint', disk_gb: '20', sleeps: 'on' }), { offer_id: '7' });

    expect(order).toMatchObject({ offer_id: '7', disk_gb: 20, hibernation: { enabled: true } });
    expect(order).not.toHaveProperty('race');
    expect(order).not.toHaveProperty('want');
  });

  it('or wants what the conditions say, by a race', () => {
    const fields = form({ width: '3', start: 'together', ports: '8080, 6006', idle_minutes: '5', sleeps: 'on' });

    const order = orderOf(fields, { gpu_name: 'RTX 4090', max_price: 0.6, order_by: 'score' });

    expect(order).toMatchObject({
      want: { gpu_name: 'RTX 4090', max_price: 0.6 },
      race: { width: 3, start: 'together' },
      ports: [8080, 6006],
      hibernation: { enabled: true, idle_minutes: 5 },
    });
    expect(order.want).not.toHaveProperty('order_by');
  });

  it('that never sleeps says so, and a cap puts it to sleep', () => {
    expect(orderOf(form({ monthly_cap: '12.5' }), {})).toMatchObject({
      hibernation: { enabled: false },
      budget: { monthly: { cap_usd: 12.5, at_limit: 'hibernate' } },
    });
  });
});
