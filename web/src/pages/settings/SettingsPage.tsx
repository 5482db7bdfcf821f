import { api } from '../../api/client';
import { storeLabeller, useLabeller } from '../../app/labeller';
import { chooseTheme, type ThemeChoice, useTheme } from '../../app/theme';
import { Card } from '../../components/Card';
import { Segmented, TextField } from '../../components/Field';
import { plural } from '../../components/format';
import { Page } from '../../components/Page';
import { Loaded } from '../../components/Problem';
import { KeysCard } from './KeysCard';

const THEMES: ReadonlyArray<{ value: ThemeChoice; title: string }> = [
  { value: 'system', title: 'As the computer' },
  { value: 'light', title: 'Light' },
  { value: 'dark', title: 'Dark' },
];

export default function SettingsPage() {
  const { choice } = useTheme();
  return (
    <Page isNarrow text="These are kept in this browser." title="Settings">
      <Card title="Look">
        <Segmented label="Theme" onChange={chooseTheme} options={THEMES} value={choice} />
      </Card>
      <LabellerCard />
      <KeysCard />
      <ServerCard />
    </Page>
  );
}

function LabellerCard() {
  const session = api.useQuery('get', '/api/session');
  const [name, setName] = useLabeller(session.data?.labeller ?? '');
  return (
    <Card text="Every label remembers who placed it." title="Who labels">
      <TextField
        label="Your name"
        onBlur={() => storeLabeller(name)}
        onChange={setName}
        placeholder={session.data?.labeller}
        value={name}
      />
    </Card>
  );
}

function ServerCard() {
  const session = api.useQuery('get', '/api/session');
  return (
    <Card title="This server">
      <Loaded query={session}>
        {(data) => (
          <dl className="facts">
            <dt>Version</dt>
            <dd>{data.version}</dd>
            <dt>Folders it may show</dt>
            <dd>
              {data.roots.map((root) => (
                <div key={root.id}>{root.path}</div>
              ))}
            </dd>
            <dt>Computes with</dt>
            <dd>
              {plural(data.n_cpus, 'processor core')}
              {data.n_gpus > 0 ? `, ${plural(data.n_gpus, 'graphics card')}` : ', no graphics card'}
            </dd>
            <dt>Long jobs at once</dt>
            <dd>{data.n_cpu_slots} on the processor</dd>
          </dl>
        )}
      </Loaded>
    </Card>
  );
}
