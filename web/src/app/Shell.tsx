import { lazy, Suspense, useEffect } from 'react';
import { Redirect, Route, Switch, useLocation } from 'wouter';
import { Loading } from '../components/Progress';
import { ErrorBoundary } from './ErrorBoundary';
import { PROJECT_PAGES } from './pages';
import { Sidebar } from './Sidebar';
import './Shell.css';

const HomePage = lazy(() => import('../pages/home/HomePage'));
const JobsPage = lazy(() => import('../pages/jobs/JobsPage'));
const SettingsPage = lazy(() => import('../pages/settings/SettingsPage'));

const PROJECT_ADDRESS = /^\/p\/([^/]+)(?:\/([^/]*))?/;

/** The project and the page of an address; both are empty outside of a project. */
function placeOf(path: string): { project: string; page: string } {
  const [, project = '', page = ''] = PROJECT_ADDRESS.exec(path) ?? [];
  return { project: decodeURIComponent(project), page };
}

export function Shell() {
  const [path] = useLocation();
  const { project, page } = placeOf(path);
  const entry = PROJECT_PAGES.find((candidate) => candidate.name === page);
  const isImmersive = project !== '' && entry?.isImmersive === true;
  useEffect(() => {
    if (path) document.getElementById('main')?.scrollTo({ top: 0 });
  }, [path]);
  return (
    <div className="shell">
      <button className="shell__skip" onClick={() => document.getElementById('main')?.focus()} type="button">
        Skip to the page
      </button>
      <Sidebar isCompact={isImmersive} page={page} project={project} />
      <main className={isImmersive ? 'shell__main shell__main--immersive' : 'shell__main'} id="main" tabIndex={-1}>
        <ErrorBoundary key={path}>
          <Suspense fallback={<Loading />}>
            <Switch>
              <Route component={HomePage} path="/" />
              <Route path="/jobs">
                <JobsPage />
              </Route>
              <Route component={SettingsPage} path="/settings" />
              <Route path="/p/:project/jobs">
                <JobsPage project={project} />
              </Route>
              <Route component={SettingsPage} path="/p/:project/settings" />
              <Route>
                {entry && project ? <entry.component key={project} project={project} /> : <Redirect to="/" />}
              </Route>
            </Switch>
          </Suspense>
        </ErrorBoundary>
      </main>
    </div>
  );
}
