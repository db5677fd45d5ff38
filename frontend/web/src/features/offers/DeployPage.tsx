import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { Card, Columns, Page } from '@/design/Layout';
import { Notice } from '@/design/Notice';
import { AsOf } from '@/design/Values';
import { useConnection } from '@/parts/connection';
import { Loaded } from '@/parts/Loaded';
import { ChosenOffer, Choice } from './Choice';
import { DeployForm } from './DeployForm';
import { orderIn } from './filter';
import { orderOf } from './order';
import { choiceQuery, useDeploy } from './queries';

const route = getRouteApi('/members/deploy');

/** One offer that was chosen, or the best that fit: what is rented, and on which terms. */
export function DeployPage() {
  const { api, isDemo } = useConnection();
  const { offer_id: offerId, ...filter } = orderIn({ ...route.useSearch() });
  const navigate = useNavigate();
  const choice = useQuery(choiceQuery(api, filter));
  const deploy = useDeploy();
  const order = (fields: FormData) => {
    deploy.mutate(orderOf(fields, { ...filter, ...(offerId ? { offer_id: offerId } : {}) }), {
      onSuccess: ({ instance }) =>
        void navigate({ to: '/instances/$instanceId', params: { instanceId: instance.id } }),
    });
  };
  if (isDemo) return <DemoCannot />;
  const offer = choice.data?.items.find((each) => each.offer_id === offerId);
  return (
    <Page title="Deploy" lead={<Link to="/offers" search={filter}>Back to the offers</Link>}>
      <Columns>
        <Card title={offerId ? 'The machine' : 'The race'} aside={choice.data ? <AsOf at={choice.data.as_of} /> : null}>
          <Loaded query={choice} what="the market">
            {(offers) => (offerId ? <ChosenOffer offer={offer} /> : <Choice offers={offers} />)}
          </Loaded>
        </Card>
        <Card title="The workspace">
          <DeployForm
            filter={filter}
            isRace={offerId === undefined}
            leastBid={offer?.min_bid_usd_per_hour ?? null}
            isPending={deploy.isPending}
            error={deploy.error}
            onOrder={order}
          />
        </Card>
      </Columns>
    </Page>
  );
}

function DemoCannot() {
  return (
    <Page title="Deploy">
      <Notice tone="warn">
        The demo can be looked at, not changed. <Link to="/sign-in" search={{ demo: undefined }}>Sign in</Link> to rent a machine.
      </Notice>
    </Page>
  );
}
