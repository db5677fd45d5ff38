import { useInfiniteQuery } from '@tanstack/react-query';
import { wordsOf } from '@/api/problem';
import { Button } from '@/design/Button';
import { Card } from '@/design/Layout';
import { Failure, Loading } from '@/design/Notice';
import { useApi } from '@/parts/connection';
import { timelineQuery } from './queries';
import { Timeline } from './Timeline';
import { useShownInstance } from './useShownInstance';

export function TimelinePart() {
  const instance = useShownInstance();
  const pages = useInfiniteQuery(timelineQuery(useApi(), instance.id, instance.state));
  const events = pages.data?.pages.flatMap((page) => page.items);
  return (
    <Card title="What happened, and why" aside="the newest first">
      {pages.isError ? (
        <Failure words={wordsOf(pages.error)} onRetry={() => void pages.refetch()} />
      ) : null}
      {events ? <Timeline events={events} /> : <Loading what="the timeline" />}
      {pages.hasNextPage ? (
        <Button busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          Show older
        </Button>
      ) : null}
    </Card>
  );
}
