/** Where each area of the API lives: `/api/<area>/...` is under its base, else under our origin. */
export interface Places {
  readonly areas: Readonly<Record<string, string>>;
}

export const OWN_ORIGIN: Places = { areas: {} };

/** The URL of a path of the API. What is not under /api belongs to the area `system`. */
export function urlOf(places: Places, path: string): string {
  const [, first, area] = path.split('/');
  const name = first === 'api' && area ? area : 'system';
  return `${(places.areas[name] ?? '').replace(/\/$/, '')}${path}`;
}

/** What /config.json says; a site without one is served by the API's own origin. */
export async function findPlaces(send: typeof fetch): Promise<Places> {
  try {
    const answer = await send('/config.json', { headers: { Accept: 'application/json' } });
    return answer.ok ? placesIn(await answer.json()) : OWN_ORIGIN;
  } catch {
    return OWN_ORIGIN;
  }
}

function placesIn(told: unknown): Places {
  if (typeof told !== 'object' || told === null || !('areas' in told)) return OWN_ORIGIN;
  const { areas } = told;
  if (typeof areas !== 'object' || areas === null) return OWN_ORIGIN;
  const found = Object.entries(areas).filter((each): each is [string, string] => isUrl(each[1]));
  return { areas: Object.fromEntries(found) };
}

function isUrl(value: unknown): value is string {
  return typeof value === 'string' && /^https?:\/\//.test(value) && URL.canParse(value);
}
