/** Cameras and animals in space, drawn by three.js: fetched only where something is shown in 3D. */

import {
  AmbientLight,
  BufferAttribute,
  BufferGeometry,
  CanvasTexture,
  Color,
  DirectionalLight,
  GridHelper,
  LineBasicMaterial,
  LineSegments,
  Mesh,
  MeshStandardMaterial,
  PerspectiveCamera,
  Quaternion,
  Scene,
  SphereGeometry,
  Sprite,
  SpriteMaterial,
  Vector3,
  WebGLRenderer,
} from 'three';
import { OrbitControls } from 'three/examples/jsm/controls/OrbitControls.js';
import { type Camera, type Vector3 as Point, rayOf, triangulate } from '../../engine/cameras';
import { imagePoint } from '../../engine/geometry';

export interface SceneColours {
  readonly ground: string;
  readonly grid: string;
  readonly line: string;
  readonly text: string;
}

export interface SceneSetup {
  readonly cameras: readonly Camera[];
  readonly keypointColours: readonly string[];
  readonly edges: readonly (readonly [number, number])[];
  readonly colours: SceneColours;
}

/** The points of each animal; null where one is missing. */
export type Pose3D = readonly (readonly (Point | null)[])[];

const FRUSTUM_SHARE = 0.16;
const GRID_CELLS = 20;
const TURN_SPEED = 1.6;
/** Of the usual length of a bone. */
const BALL_SHARE = 0.16;

export class View3D {
  private readonly renderer: WebGLRenderer;
  private readonly scene = new Scene();
  private readonly eye = new PerspectiveCamera(45, 1, 0.01, 1000);
  private readonly controls: OrbitControls;
  private readonly balls: Mesh[] = [];
  private readonly bones: LineSegments;
  private readonly up: Vector3;
  private readonly extent: number;
  private readonly middle: Vector3;
  private readonly grid: GridHelper;
  private hasLooked = false;
  private request = 0;

  /** Throws where the browser has no WebGL. */
  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly setup: SceneSetup,
  ) {
    this.renderer = new WebGLRenderer({ canvas, antialias: true });
    this.renderer.setPixelRatio(window.devicePixelRatio || 1);
    this.scene.background = new Color(setup.colours.ground);
    this.up = upOf(setup.cameras);
    this.middle = middleOf(setup.cameras);
    this.extent = Math.max(...setup.cameras.map(({ centre }) => vector(centre).distanceTo(this.middle)), 1e-6);
    this.scene.add(new AmbientLight('#ffffff', 1.6));
    const sun = new DirectionalLight('#ffffff', 1.8);
    sun.position.copy(this.up).add(new Vector3(0.4, 0.3, 0.5));
    this.scene.add(sun);
    this.grid = new GridHelper(this.extent * 2, GRID_CELLS, setup.colours.grid, setup.colours.grid);
    this.grid.quaternion.copy(new Quaternion().setFromUnitVectors(new Vector3(0, 1, 0), this.up));
    this.grid.position.copy(this.middle);
    this.scene.add(this.grid);
    for (const camera of setup.cameras) this.addCamera(camera);
    this.bones = new LineSegments(new BufferGeometry(), new LineBasicMaterial({ color: setup.colours.line }));
    this.bones.frustumCulled = false;
    this.scene.add(this.bones);
    this.eye.up.copy(this.up);
    this.eye.near = this.extent / 1000;
    this.eye.far = this.extent * 40;
    this.controls = new OrbitControls(this.eye, canvas);
    this.controls.autoRotateSpeed = TURN_SPEED;
    this.controls.addEventListener('change', this.draw);
    this.lookAtCameras();
    this.draw();
  }

  resize(width: number, height: number): void {
    this.renderer.setSize(width, height, false);
    this.eye.aspect = width / height;
    this.eye.updateProjectionMatrix();
    this.draw();
  }

  rotate(isRotating: boolean): void {
    this.controls.autoRotate = isRotating;
    this.draw();
  }

  turn(radians: number): void {
    this.eye.position.sub(this.controls.target).applyAxisAngle(this.up, radians).add(this.controls.target);
    this.controls.update();
    this.draw();
  }

  closer(factor: number): void {
    this.eye.position.sub(this.controls.target).multiplyScalar(factor).add(this.controls.target);
    this.controls.update();
    this.draw();
  }

  /** All cameras in sight. */
  lookAtCameras(): void {
    this.grid.scale.setScalar(1);
    this.grid.position.copy(this.middle);
    this.lookAt(this.middle, this.extent * 2.6);
  }

  /** The animals in the middle, as large as the view allows. */
  lookAtAnimals(pose: Pose3D): void {
    const points = pose.flat().flatMap((point) => (point ? [vector(point)] : []));
    if (points.length === 0) return;
    const middle = points.reduce((sum, point) => sum.add(point), new Vector3()).divideScalar(points.length);
    const size = Math.max(...points.map((point) => point.distanceTo(middle)), this.extent * 0.03);
    this.grid.position.copy(middle).addScaledVector(this.up, -size * 0.3);
    this.grid.scale.setScalar((size * 3) / this.extent);
    this.lookAt(middle, size * 3.1);
  }

  show(pose: Pose3D): void {
    const { edges, keypointColours } = this.setup;
    const radius = this.ballRadius(pose);
    let n = 0;
    const ends: number[] = [];
    for (const points of pose) {
      points.forEach((point, keypoint) => {
        const ball = this.ball(n);
        n += 1;
        ball.visible = point !== null;
        if (!point) return;
        ball.position.set(...point);
        ball.scale.setScalar(radius);
        (ball.material as MeshStandardMaterial).color.set(keypointColours[keypoint] ?? this.setup.colours.line);
      });
      for (const [from, to] of edges) {
        const [a, b] = [points[from], points[to]];
        if (a && b) ends.push(...a, ...b);
      }
    }
    for (const ball of this.balls.slice(n)) ball.visible = false;
    this.bones.geometry.setAttribute('position', new BufferAttribute(new Float32Array(ends), 3));
    if (!this.hasLooked && pose.flat().some(Boolean)) {
      this.hasLooked = true;
      this.lookAtAnimals(pose);
    }
    this.canvas.dataset['points'] = `${pose.flat().filter(Boolean).length}`;
    this.draw();
  }

  close(): void {
    cancelAnimationFrame(this.request);
    this.controls.dispose();
    this.renderer.dispose();
  }

  private readonly draw = (): void => {
    this.request ||= requestAnimationFrame(() => {
      this.request = 0;
      if (this.controls.autoRotate && this.controls.update()) this.draw();
      this.renderer.render(this.scene, this.eye);
      this.canvas.dataset['drawn'] = 'yes';
    });
  };

  private lookAt(middle: Vector3, away: number): void {
    const side = new Vector3(1, 0.35, 0.2).cross(this.up).normalize();
    this.controls.target.copy(middle);
    this.eye.position
      .copy(middle)
      .addScaledVector(side, away * 0.76)
      .addScaledVector(this.up, away * 0.65);
    this.controls.update();
    this.draw();
  }

  private ball(number: number): Mesh {
    const known = this.balls[number];
    if (known) return known;
    const ball = new Mesh(BALL, new MeshStandardMaterial({ roughness: 0.5 }));
    this.balls.push(ball);
    this.scene.add(ball);
    return ball;
  }

  private ballRadius(pose: Pose3D): number {
    const lengths = pose.flatMap((points) =>
      this.setup.edges.flatMap(([from, to]) => {
        const [a, b] = [points[from], points[to]];
        return a && b ? [vector(a).distanceTo(vector(b))] : [];
      }),
    );
    const middle = lengths.sort((a, b) => a - b)[Math.floor(lengths.length / 2)];
    return (middle ?? this.extent * 0.05) * BALL_SHARE;
  }

  private addCamera(camera: Camera): void {
    const { width, height } = camera.size;
    const depth = this.extent * FRUSTUM_SHARE;
    const at = vector(camera.centre);
    const corners = [
      [0, 0],
      [width - 1, 0],
      [width - 1, height - 1],
      [0, height - 1],
    ].flatMap(([x = 0, y = 0]) => {
      const ray = rayOf(camera, imagePoint(x, y));
      return ray ? [at.clone().addScaledVector(vector(ray), depth)] : [];
    });
    const ends = corners.flatMap((corner, i) => [at, corner, corner, corners[(i + 1) % corners.length] ?? corner]);
    const lines = new LineSegments(
      new BufferGeometry().setFromPoints(ends),
      new LineBasicMaterial({ color: this.setup.colours.line, transparent: true, opacity: 0.8 }),
    );
    const name = textSprite(camera.name, this.setup.colours.text);
    name.position.copy(at).addScaledVector(this.up, depth * 0.45);
    name.scale.multiplyScalar(depth * 0.5);
    this.scene.add(lines, name);
  }
}

const BALL = new SphereGeometry(1, 20, 14);

const vector = ([x, y, z]: Point): Vector3 => new Vector3(x, y, z);

/** Most cameras stand upright, so what is up in their images together is up in the world. */
function upOf(cameras: readonly Camera[]): Vector3 {
  const sum = cameras.reduce((total, { rotation }) => total.sub(vector(rotation[1])), new Vector3());
  return sum.length() > 0.1 ? sum.normalize() : new Vector3(0, 0, 1);
}

/** What the cameras look at. */
function middleOf(cameras: readonly Camera[]): Vector3 {
  const sightings = cameras.map((camera) => ({
    camera,
    pixel: imagePoint((camera.size.width - 1) / 2, (camera.size.height - 1) / 2),
  }));
  const met = triangulate(sightings);
  if (met) return vector(met);
  const sum = cameras.reduce((total, { centre }) => total.add(vector(centre)), new Vector3());
  return sum.divideScalar(Math.max(cameras.length, 1));
}

function textSprite(text: string, colour: string): Sprite {
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d');
  const font = '600 44px Inter, system-ui, sans-serif';
  if (context) context.font = font;
  canvas.width = Math.ceil((context?.measureText(text).width ?? 100) + 16);
  canvas.height = 64;
  if (context) {
    context.font = font;
    context.fillStyle = colour;
    context.textBaseline = 'middle';
    context.fillText(text, 8, 32);
  }
  const sprite = new Sprite(new SpriteMaterial({ map: new CanvasTexture(canvas), depthTest: false }));
  sprite.scale.set(canvas.width / canvas.height, 1, 1);
  return sprite;
}
