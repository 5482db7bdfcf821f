/** Every page, each a script of its own. */
import {
  Activity,
  Aperture,
  Box,
  ChartLine,
  ChartSpline,
  Clapperboard,
  Film,
  Footprints,
  Gauge,
  Grid2x2,
  Images,
  LayoutDashboard,
  type LucideIcon,
  MousePointerClick,
  ScanSearch,
  Sparkles,
  Video,
  Waypoints,
} from 'lucide-react';
import { type ComponentType, createElement, type LazyExoticComponent, lazy, useState } from 'react';

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
  component: ComponentType<PageProps> | LazyExoticComponent<ComponentType<PageProps>>;
  /** The page takes all the room: the navigation shrinks to icons. */
  isImmersive?: boolean;
}

type Load = () => Promise<{ default: ComponentType<PageProps> }>;

const loads: Load[] = [];

/** A page that comes with its own script; where that is there already, it is shown without a moment of "Loading". */
function page(load: Load): ComponentType<PageProps> {
  const Lazy = lazy(load);
  let loaded: ComponentType<PageProps> | null = null;
  loads.push(async () => {
    const module = await load();
    loaded = module.default;
    return module;
  });
  // biome-ignore lint/correctness/noComponentHookFactories: called once for each page, when this module is loaded
  return function Page(props: PageProps) {
    const [component] = useState(() => loaded ?? Lazy);
    return createElement(component, props);
  };
}

/** Fetch every page while nothing else is to do, so that none has to be waited for when it is opened. */
export async function fetchPages(): Promise<void> {
  for (const load of loads) await load().catch(() => undefined);
}

export const SECTIONS: ReadonlyArray<{ title: string; pages: readonly PageEntry[] }> = [
  {
    title: '',
    pages: [
      {
        name: '',
        title: 'Overview',
        icon: LayoutDashboard,
        component: page(() => import('../pages/project/ProjectPage')),
      },
    ],
  },
  {
    title: 'Prepare',
    pages: [
      { name: 'videos', title: 'Videos', icon: Video, component: page(() => import('../pages/videos/VideosPage')) },
      {
        name: 'skeleton',
        title: 'Skeleton',
        icon: Waypoints,
        component: page(() => import('../pages/skeleton/SkeletonPage')),
      },
      { name: 'frames', title: 'Frames', icon: Images, component: page(() => import('../pages/frames/FramesPage')) },
    ],
  },
  {
    title: 'Label',
    pages: [
      {
        name: 'label',
        title: 'Label',
        icon: MousePointerClick,
        component: page(() => import('../pages/label/LabelPage')),
        isImmersive: true,
      },
      {
        name: 'label-check',
        title: 'Label check',
        icon: ScanSearch,
        component: page(() => import('../pages/label-check/LabelCheckPage')),
      },
    ],
  },
  {
    title: 'Learn',
    pages: [
      { name: 'train', title: 'Train', icon: ChartLine, component: page(() => import('../pages/train/TrainPage')) },
      {
        name: 'evaluate',
        title: 'Evaluate',
        icon: Gauge,
        component: page(() => import('../pages/evaluate/EvaluatePage')),
      },
      {
        name: 'improve',
        title: 'Improve',
        icon: Sparkles,
        component: page(() => import('../pages/improve/ImprovePage')),
      },
    ],
  },
  {
    title: 'Use',
    pages: [
      { name: 'analyse', title: 'Analyse', icon: Film, component: page(() => import('../pages/analyse/AnalysePage')) },
      {
        name: 'results',
        title: 'Results',
        icon: ChartSpline,
        component: page(() => import('../pages/results/ResultsPage')),
        isImmersive: true,
      },
      {
        name: 'proofread',
        title: 'Proofread',
        icon: Footprints,
        component: page(() => import('../pages/proofread/ProofreadPage')),
        isImmersive: true,
      },
      {
        name: 'render',
        title: 'Labelled video',
        icon: Clapperboard,
        component: page(() => import('../pages/render/RenderPage')),
      },
    ],
  },
  {
    title: 'Several cameras',
    pages: [
      {
        name: 'cameras',
        title: 'Cameras',
        icon: Aperture,
        component: page(() => import('../pages/cameras/CamerasPage')),
      },
      {
        name: 'label-views',
        title: 'Label views',
        icon: Grid2x2,
        component: page(() => import('../pages/label-views/LabelViewsPage')),
        isImmersive: true,
      },
      {
        name: 'views',
        title: 'Watch in 3D',
        icon: Box,
        component: page(() => import('../pages/views/ViewsPage')),
        isImmersive: true,
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
