import { useId } from 'react';
import { Button } from '@/design/Button';
import { Check, FieldGrid, Form, Select, TextField } from '@/design/Form';
import { Row } from '@/design/Layout';
import { filterIn, MACHINE_TYPES, ORDERS, type Filter } from './filter';

interface Props {
  readonly filter: Filter;
  readonly gpus: readonly string[];
  readonly onChange: (filter: Filter) => void;
}

const REGIONS = [
  { value: '', name: 'Anywhere' },
  { value: 'EU', name: 'Europe' },
  { value: 'US', name: 'United States' },
  { value: 'ASIA', name: 'Asia' },
] as const;

export function FilterForm({ filter, gpus, onChange }: Props) {
  const list = useId();
  return (
    <Form name="Conditions" onSubmit={(fields) => onChange(filterIn(Object.fromEntries(fields)))}>
      <FieldGrid>
        <TextField label="GPU" name="gpu_name" list={list} placeholder="any, e.g. RTX 4090" defaultValue={filter.gpu_name} />
        <datalist id={list}>
          {gpus.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <TextField
          label="GPUs"
          name="num_gpus"
          type="number"
          min={0}
          max={64}
          placeholder="1 (0 for any)"
          defaultValue={filter.num_gpus}
        />
        <TextField
          label="Highest price, USD per hour"
          name="max_price"
          type="number"
          min={0.01}
          step="any"
          placeholder="10"
          defaultValue={filter.max_price}
        />
        <TextField
          label="Disk, GB"
          name="min_disk_gb"
          type="number"
          min={10}
          placeholder="50"
          defaultValue={filter.min_disk_gb}
        />
        <TextField
          label="Least reliability, 0 to 1"
          name="min_reliability"
          type="number"
          min={0}
          max={1}
          step="any"
          placeholder="0"
          defaultValue={filter.min_reliability}
        />
        <RegionField region={filter.region} />
        <Select label="Kind" name="machine_type" choices={MACHINE_TYPES} defaultValue={filter.machine_type} />
        <Select label="The best come first by" name="order_by" choices={ORDERS} defaultValue={filter.order_by} />
      </FieldGrid>
      <Row>
        <Button type="submit" kind="primary">
          Show offers
        </Button>
        <Check label="Verified machines only" name="verified_only" defaultChecked={filter.verified_only} />
      </Row>
    </Form>
  );
}

/** A country from the address stays a choice of its own. */
function RegionField({ region = '' }: { readonly region?: string | undefined }) {
  const isKnown = REGIONS.some(({ value }) => value === region);
  const choices = isKnown ? REGIONS : [...REGIONS, { value: region, name: region }];
  return <Select label="Where" name="region" choices={choices} defaultValue={region} />;
}
