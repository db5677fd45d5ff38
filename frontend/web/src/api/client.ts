import type { paths } from './schema';
import type { Transport } from './transport';

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** The paths that take a method. */
type PathFor<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, { responses: unknown }> ? P : never;
}[keyof paths] &
  string;

type OperationOf<P extends keyof paths, M extends Method> = M extends keyof paths[P]
  ? NonNullable<paths[P][M]>
  : never;

type Json<R> = R extends { content: { 'application/json': infer J } } ? J : undefined;

/** What a call answers when it goes well. */
type Answer<O> = O extends { responses: infer R }
  ? { [S in keyof R]: S extends 200 | 201 | 202 | 204 ? Json<R[S]> : never }[keyof R]
  : never;

type PathValues<O> = O extends { parameters: { path: infer V } } ? V : undefined;
type QueryValues<O> = O extends { parameters: { query?: infer V } } ? V : undefined;
type Body<O> = O extends { requestBody?: { content: { 'application/json': infer B } } }
  ? B
  : undefined;

/** What a call may be given; what its path needs, it must be given. */
export type Given<O> = {
  readonly query?: Omit<NonNullable<QueryValues<O>>, 'demo'>;
  readonly body?: Body<O>;
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
} & (PathValues<O> extends undefined ? { readonly path?: never } : { readonly path: PathValues<O> });

interface Loose {
  readonly path?: unknown;
  readonly query?: unknown;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

/** Calls of the API, typed by its own OpenAPI document. Throws Refused or Unanswered. */
export class Api {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  get<P extends PathFor<'get'>>(path: P, given: Given<OperationOf<P, 'get'>>) {
    return this.#call<Answer<OperationOf<P, 'get'>>>('GET', path, given);
  }

  post<P extends PathFor<'post'>>(path: P, given: Given<OperationOf<P, 'post'>>) {
    return this.#call<Answer<OperationOf<P, 'post'>>>('POST', path, given);
  }

  put<P extends PathFor<'put'>>(path: P, given: Given<OperationOf<P, 'put'>>) {
    return this.#call<Answer<OperationOf<P, 'put'>>>('PUT', path, given);
  }

  patch<P extends PathFor<'patch'>>(path: P, given: Given<OperationOf<P, 'patch'>>) {
    return this.#call<Answer<OperationOf<P, 'patch'>>>('PATCH', path, given);
  }

  delete<P extends PathFor<'delete'>>(path: P, given: Given<OperationOf<P, 'delete'>>) {
    return this.#call<Answer<OperationOf<P, 'delete'>>>('DELETE', path, given);
  }

  async #call<T>(method: string, template: string, given: Loose): Promise<T> {
    const answer = await this.#transport.send({
      method,
      path: filled(template, given.path),
      query: queryOf(given.query),
      ...(given.body === undefined ? {} : { body: given.body }),
      ...(given.idempotencyKey ? { headers: { 'Idempotency-Key': given.idempotencyKey } } : {}),
      ...(given.signal ? { signal: given.signal } : {}),
    });
    return (answer.status === 204 ? undefined : await answer.json()) as T;
  }
}

function filled(template: string, values: unknown): string {
  const known = (values ?? {}) as Readonly<Record<string, string>>;
  return template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(known[name] ?? ''));
}

type Sendable = string | number | boolean | null | undefined;

/** What is left out is not sent. */
function queryOf(values: unknown): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries((values ?? {}) as Record<string, Sendable>)) {
    if (value === undefined || value === null || value === '') continue;
    query.set(name, String(value));
  }
  return query;
}
