import type { Problem } from './contract';

/** The server answered, and said no: RFC 9457, with a stable code. */
export class Refused extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = 'Refused';
    this.problem = problem;
  }

  get status(): number {
    return this.problem.status;
  }
}

/** No answer, or one that is not ours: what became of the call is not known. */
export class Unanswered extends Error {
  constructor(what: string, cause?: unknown) {
    super(what, { cause });
    this.name = 'Unanswered';
  }
}

/** A failure as people read it. */
export interface Words {
  readonly title: string;
  readonly detail: string;
  readonly fields: readonly { readonly pointer: string; readonly message: string }[];
  readonly traceId: string | null;
}

/** Says any failure in words; one that we did not foresee is said to be ours. */
export function wordsOf(error: unknown): Words {
  if (error instanceof Refused) {
    const { title, detail, errors, trace_id } = error.problem;
    return { title, detail, fields: errors ?? [], traceId: trace_id };
  }
  if (error instanceof Unanswered) {
    return { title: 'No answer', detail: error.message, fields: [], traceId: null };
  }
  const detail = error instanceof Error ? error.message : String(error);
  return { title: 'This page failed', detail, fields: [], traceId: null };
}

/** Whether the same call may go well if it is simply repeated. */
export function mayPass(error: unknown): boolean {
  if (error instanceof Unanswered) return true;
  return error instanceof Refused && (error.status === 503 || error.status === 429);
}

/** The problem in an answer that is not 2xx. */
export async function problemIn(answer: Response): Promise<Error> {
  const told: unknown = await answer.json().catch(() => null);
  if (isProblem(told)) return new Refused(told);
  return new Unanswered(`The server answered ${answer.status} in a form that is not its own.`);
}

function isProblem(told: unknown): told is Problem {
  return (
    typeof told === 'object' &&
    told !== null &&
    'code' in told &&
    'detail' in told &&
    'status' in told &&
    'trace_id' in told
  );
}
