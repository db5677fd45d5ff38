import type { Offer, Offers } from '@/api/contract';
import { Facts, Note } from '@/design/Layout';
import { Empty } from '@/design/Notice';
import { Known } from '@/design/Values';
import { usdPerGb, usdPerHour } from '@/format/money';
import { amount, share } from '@/format/size';

/** What a race may choose from. */
export function Choice({ offers }: { readonly offers: Offers }) {
  const prices = offers.items.map((each) => each.price.total_usd_per_hour);
  const names = [...new Set(offers.items.map((each) => each.gpu_name))].sort();
  if (offers.count === 0) {
    return (
      <Empty title="No offer fits now">
        <p>The order waits for one until its race is given up. Fewer conditions find more.</p>
      </Empty>
    );
  }
  return (
    <>
      <Facts
        facts={[
          { name: 'Offers that fit', value: offers.count },
          { name: 'From', value: usdPerHour(Math.min(...prices)) },
          { name: 'At most', value: usdPerHour(offers.filters_applied.max_price) },
          { name: 'GPUs', value: names.join(', ') },
        ]}
      />
      <Note>
        Several are rented, one after another or together; the first that is ready is kept, and the
        others are let go within seconds.
      </Note>
    </>
  );
}

/** The one that was chosen: it has no rivals. */
export function ChosenOffer({ offer }: { readonly offer: Offer | undefined }) {
  if (!offer) {
    return (
      <Empty title="This offer is not listed any more">
        <p>Somebody else may have rented it. Go back and choose another.</p>
      </Empty>
    );
  }
  return (
    <Facts
      facts={[
        { name: 'GPU', value: `${offer.num_gpus} × ${offer.gpu_name}, ${amount(offer.gpu_ram_gb, 'GB')} each` },
        { name: 'Price', value: `${usdPerHour(offer.price.total_usd_per_hour)} with its disk` },
        { name: 'Traffic', value: `${usdPerGb(offer.price.download_usd_per_gb)} down, ${usdPerGb(offer.price.upload_usd_per_gb)} up` },
        { name: 'Ready in 4 min', value: share(offer.p_ready) },
        { name: 'Reliable', value: <Known value={offer.reliability} as={share} /> },
        { name: 'Where', value: <Known value={offer.geolocation} as={String} /> },
        { name: 'Machine', value: `${offer.provider} ${offer.machine_id}` },
      ]}
    />
  );
}
