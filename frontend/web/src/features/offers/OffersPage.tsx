import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { wordsOf } from '@/api/problem';
import { Button, buttonClass } from '@/design/Button';
import { Card, Note, Page } from '@/design/Layout';
import { Empty, Failure, Loading, Notice } from '@/design/Notice';
import { AsOf } from '@/design/Values';
import { useConnection } from '@/parts/connection';
import { filterIn } from './filter';
import { FilterForm } from './FilterForm';
import { OfferTable } from './OfferTable';
import { offersQuery } from './queries';

const route = getRouteApi('/members/offers');

export function OffersPage() {
  const { api, isDemo } = useConnection();
  const filter = filterIn({ ...route.useSearch() });
  const navigate = useNavigate();
  const found = useInfiniteQuery(offersQuery(api, filter));
  const first = found.data?.pages[0];
  const offers = found.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Page
      title="Offers"
      lead="What can be rented now, at every provider that is set up."
      actions={
        first && first.count > 0 && !isDemo ? (
          <Link to="/deploy" search={filter} className={buttonClass('primary')}>
            Race the best of {first.count}
          </Link>
        ) : null
      }
    >
      <Card title="What it has to be">
        <FilterForm
          key={JSON.stringify(filter)}
          filter={filter}
          gpus={[...new Set(offers.map((each) => each.gpu_name))].sort()}
          onChange={(next) => void navigate({ to: '/offers', search: next })}
        />
      </Card>
      <Card title={first ? `${first.count} offers` : 'Offers'} aside={first ? <AsOf at={first.as_of} /> : null}>
        {found.isError ? (
          <Failure words={wordsOf(found.error)} onRetry={() => void found.refetch()} />
        ) : null}
        {found.isPending ? <Loading what="the market" /> : null}
        {first?.warnings.map((warning) => (
          <Notice key={warning.provider} tone="warn">
            {warning.provider} did not answer in full: {warning.message}
          </Notice>
        ))}
        {first?.count === 0 ? <NothingFits hidden={first.hidden_by_default} /> : null}
        {offers.length > 0 ? <OfferTable offers={offers} filter={filter} mayOrder={!isDemo} /> : null}
        {found.hasNextPage ? (
          <Button busy={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
            Show more
          </Button>
        ) : null}
        {first && first.hidden_by_default > 0 ? (
          <Note>
            {first.hidden_by_default} more are hidden by conditions that nobody asked for, such as a
            fast line, one GPU, or a machine that is not passed over.
          </Note>
        ) : null}
      </Card>
    </Page>
  );
}

function NothingFits({ hidden }: { readonly hidden: number }) {
  return (
    <Empty title="No offer fits">
      <p>
        Raise the highest price, take any region, or another GPU.
        {hidden > 0 ? ` ${hidden} offers are hidden by the default conditions.` : ''}
      </p>
      <Link to="/offers" className={buttonClass('plain')}>
        Take back every condition
      </Link>
    </Empty>
  );
}
