import type { Problem } from '@/api/contract';

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly headers: Headers;
}

type Answer = Response | Error;
type Handler = (call: Call) => Answer | Promise<Answer>;

/** A server in this process: what it was asked is kept, and whatever nobody taught it is a 404. */
export class FakeServer {
  readonly calls: Call[] = [];
  readonly #handlers = new Map<string, Handler>();

  on(method: string, path: string, handler: Handler): this {
    this.#handlers.set(`${method} ${path}`, handler);
    return this;
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input, 'http://dumont.test');
    const call: Call = {
      method: init?.method ?? 'GET',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      body: typeof init?.body === 'string' ? JSON.parse(init.body) : undefined,
      headers: new Headers(init?.headers),
    };
    this.calls.push(call);
    const handler = this.#handlers.get(`${call.method} ${call.path}`);
    const answer = handler ? await handler(call) : problem(404, 'not_found');
    if (answer instanceof Error) throw answer;
    return answer;
  };

  asked(method: string, path: string): Call[] {
    return this.calls.filter((each) => each.method === method && each.path === path);
  }
}

export function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status });
}

export function problem(status: number, code: string, more: Partial<Problem> = {}): Response {
  const told: Problem = {
    type: `/api/content/errors#${code}`,
    title: code,
    status,
    detail: `It is ${code}.`,
    instance: '/',
    code,
    trace_id: 'a20243fb4e82a9cfbb9e76ba7b7e8687',
    ...more,
  };
  return new Response(JSON.stringify(told), { status });
}
