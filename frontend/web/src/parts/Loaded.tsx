import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { wordsOf } from '@/api/problem';
import { Failure, Loading } from '@/design/Notice';

interface Props<T> {
  readonly query: UseQueryResult<T>;
  readonly what: string;
  readonly children: (value: T) => ReactNode;
}

/** What was asked for; while it comes, that it comes; and why it did not come, beside what is old. */
export function Loaded<T>({ query, what, children }: Props<T>) {
  const trouble = query.isError ? (
    <Failure words={wordsOf(query.error)} onRetry={() => void query.refetch()} />
  ) : null;
  if (query.data === undefined) return trouble ?? <Loading what={what} />;
  return (
    <>
      {trouble}
      {children(query.data)}
    </>
  );
}
