import { Columns, Page } from '@/design/Layout';
import { useConnection } from '@/parts/connection';
import { ApiKeysCard } from './ApiKeysCard';
import { DefaultSleepCard } from './DefaultSleepCard';
import { PasswordCard, ProfileCard } from './ProfileCard';
import { ProviderKeysCard } from './ProviderKeysCard';
import { SshKeyCard } from './SshKeyCard';

/** Who one is, with which keys one rents, which programs may act, and what new workspaces begin with. */
export function SettingsPage() {
  const { isDemo } = useConnection();
  return (
    <Page title="Settings" lead="Who you are, your keys, and what new workspaces begin with.">
      <Columns>
        <ProfileCard />
        {isDemo ? null : <PasswordCard />}
      </Columns>
      <ProviderKeysCard />
      <SshKeyCard />
      <ApiKeysCard />
      <DefaultSleepCard />
    </Page>
  );
}
