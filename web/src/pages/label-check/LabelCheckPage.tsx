import { useSearchParams } from 'wouter';
import type { PageProps } from '../../app/pages';
import { Page } from '../../components/Page';
import { Tabs } from '../../components/Tabs';
import { ContactSheet } from './ContactSheet';
import './LabelCheckPage.css';
import { Suspicions } from './Suspicions';

const TABS = [
  { name: 'suspicious', title: 'Suspicious labels' },
  { name: 'sheet', title: 'Contact sheet' },
] as const;

/** Wrong labels teach wrong things: those that look wrong, and all of a point side by side. */
export default function LabelCheckPage({ project }: PageProps) {
  const [search, setSearch] = useSearchParams();
  const tab = search.get('tab') === 'sheet' ? 'sheet' : 'suspicious';
  return (
    <Page text="A few wrong labels cost more than many missing ones. Look here before you train." title="Label check">
      <Tabs chosen={tab} label="Checks" onChoose={(name) => setSearch({ tab: name }, { replace: true })} tabs={TABS}>
        {tab === 'suspicious' ? <Suspicions project={project} /> : <ContactSheet project={project} />}
      </Tabs>
    </Page>
  );
}
