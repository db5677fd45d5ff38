import { useSuspenseQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { Instance } from '@/api/contract';
import { useApi } from '@/parts/connection';
import { instanceQuery } from './queries';

const route = getRouteApi('/members/instances/$instanceId');

/** The instance that the page around this part has loaded. */
export function useShownInstance(): Instance {
  const { instanceId } = route.useParams();
  return useSuspenseQuery(instanceQuery(useApi(), instanceId)).data;
}
