import { Activity, FolderOpen, type LucideIcon, Moon, Settings, Sun } from 'lucide-react';
import { Link } from 'wouter';
import { api } from '../api/client';
import { classes } from '../components/classes';
import { hasEnded, useJobs } from './jobs';
import { Mark } from './Mark';
import { pageUrl, SECTIONS } from './pages';
import './Sidebar.css';
import { chooseTheme, useTheme } from './theme';

interface SidebarProps {
  project: string;
  page: string;
  isCompact: boolean;
}

export function Sidebar({ project, page, isCompact }: SidebarProps) {
  const prefix = project ? pageUrl(project) : '';
  return (
    <nav aria-label="Pages" className={classes('sidebar', isCompact && 'sidebar--compact')}>
      <Link className="sidebar__brand" href="/" title="All projects">
        <Mark />
        <span className="sidebar__word">Marey</span>
      </Link>
      <div className="sidebar__pages">
        {project ? (
          <ProjectPages page={page} project={project} />
        ) : (
          <NavItem icon={FolderOpen} isCurrent={page === ''} title="Projects" to="/" />
        )}
      </div>
      <div className="sidebar__foot">
        <JobsItem isCurrent={page === 'jobs'} project={project} to={`${prefix}/jobs`} />
        <NavItem icon={Settings} isCurrent={page === 'settings'} title="Settings" to={`${prefix}/settings`} />
        <ThemeItem />
      </div>
    </nav>
  );
}

function ProjectPages({ project, page }: { project: string; page: string }) {
  const { data } = api.useQuery('get', '/api/projects/{project}', { params: { path: { project } } });
  return (
    <>
      <p className="sidebar__project truncate" title={data?.path}>
        {data?.name ?? ' '}
      </p>
      {SECTIONS.map((section) => (
        <section className="sidebar__section" key={section.title}>
          {section.title && <h2 className="sidebar__heading">{section.title}</h2>}
          {section.pages.map(({ name, title, icon }) => (
            <NavItem icon={icon} isCurrent={name === page} key={name} title={title} to={pageUrl(project, name)} />
          ))}
        </section>
      ))}
    </>
  );
}

interface NavItemProps {
  to: string;
  title: string;
  icon: LucideIcon;
  isCurrent: boolean;
  count?: number;
}

function NavItem({ to, title, icon: Icon, isCurrent, count = 0 }: NavItemProps) {
  return (
    <Link
      aria-current={isCurrent ? 'page' : undefined}
      aria-label={title}
      className="sidebar__item"
      href={to}
      title={title}
    >
      <Icon aria-hidden size={18} strokeWidth={1.8} />
      <span className="sidebar__word">{title}</span>
      {count > 0 && <span className="sidebar__count number">{count}</span>}
    </Link>
  );
}

function JobsItem({ project, to, isCurrent }: { project: string; to: string; isCurrent: boolean }) {
  const running = useJobs(project || undefined).filter((job) => !hasEnded(job)).length;
  return <NavItem count={running} icon={Activity} isCurrent={isCurrent} title="Jobs" to={to} />;
}

function ThemeItem() {
  const { isDark } = useTheme();
  const title = isDark ? 'Light' : 'Dark';
  const Icon = isDark ? Sun : Moon;
  return (
    <button
      aria-label={`${title} theme`}
      className="sidebar__item"
      onClick={() => chooseTheme(isDark ? 'light' : 'dark')}
      title={`${title} theme`}
      type="button"
    >
      <Icon aria-hidden size={18} strokeWidth={1.8} />
      <span className="sidebar__word">{title}</span>
    </button>
  );
}
