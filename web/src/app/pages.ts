/** Every page, loaded when it is first opened. */
import {
  Activity,
  ChartLine,
  ChartSpline,
  Clapperboard,
  Film,
  Gauge,
  Images,
  LayoutDashboard,
  type LucideIcon,
  MousePointerClick,
  ScanSearch,
  Sparkles,
  Video,
  Waypoints,
} from 'lucide-react';
import { type ComponentType, type LazyExoticComponent, lazy } from 'react';

/** What every page of a project is given. */
export interface PageProps {
  /** The id of the project. */
  project: string;
}

export interface PageEntry {
  /** In the address: `#/p/PROJECT/name`. */
  name: string;
  title: string;
  icon: LucideIcon;
  component: LazyExoticComponent<ComponentType<PageProps>>;
  /** The page takes all the room: the navigation shrinks to icons. */
  isImmersive?: boolean;
}

export const SECTIONS: ReadonlyArray<{ title: string; pages: readonly PageEntry[] }> = [
  {
    title: '',
    pages: [
      {
        name: '',
        title: 'Overview',
        icon: LayoutDashboard,
        component: lazy(() => import('../pages/project/ProjectPage')),
      },
    ],
  },
  {
    title: 'Prepare',
    pages: [
      { name: 'videos', title: 'Videos', icon: Video, component: lazy(() => import('../pages/videos/VideosPage')) },
      {
        name: 'skeleton',
        title: 'Skeleton',
        icon: Waypoints,
        component: lazy(() => import('../pages/skeleton/SkeletonPage')),
      },
      { name: 'frames', title: 'Frames', icon: Images, component: lazy(() => import('../pages/frames/FramesPage')) },
    ],
  },
  {
    title: 'Label',
    pages: [
      {
        name: 'label',
        title: 'Label',
        icon: MousePointerClick,
        component: lazy(() => import('../pages/label/LabelPage')),
        isImmersive: true,
      },
      {
        name: 'label-check',
        title: 'Label check',
        icon: ScanSearch,
        component: lazy(() => import('../pages/label-check/LabelCheckPage')),
      },
    ],
  },
  {
    title: 'Learn',
    pages: [
      { name: 'train', title: 'Train', icon: ChartLine, component: lazy(() => import('../pages/train/TrainPage')) },
      {
        name: 'evaluate',
        title: 'Evaluate',
        icon: Gauge,
        component: lazy(() => import('../pages/evaluate/EvaluatePage')),
      },
      {
        name: 'improve',
        title: 'Improve',
        icon: Sparkles,
        component: lazy(() => import('../pages/improve/ImprovePage')),
      },
    ],
  },
  {
    title: 'Use',
    pages: [
      { name: 'analyse', title: 'Analyse', icon: Film, component: lazy(() => import('../pages/analyse/AnalysePage')) },
      {
        name: 'results',
        title: 'Results',
        icon: ChartSpline,
        component: lazy(() => import('../pages/results/ResultsPage')),
        isImmersive: true,
      },
      {
        name: 'render',
        title: 'Labelled video',
        icon: Clapperboard,
        component: lazy(() => import('../pages/render/RenderPage')),
      },
    ],
  },
];

export const JOBS_ICON = Activity;
export const PROJECT_PAGES: readonly PageEntry[] = SECTIONS.flatMap((section) => section.pages);

/** The address of a page of a project: `pageUrl(id, 'label', { video, frame })`. */
export function pageUrl(
  project: string,
  page = '',
  query: Record<string, string | number | null | undefined> = {},
): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined) search.set(name, String(value));
  }
  const text = search.toString();
  return `/p/${encodeURIComponent(project)}${page && `/${page}`}${text && `?${text}`}`;
}
