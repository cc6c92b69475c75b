// Writes a graph model of TensorFlow.js as an ONNX file: toOnnx(<model>.json, <model>.bin, output).
// It knows the operators of the models in package.json and no others. Pictures stay packed (NHWC); where ONNX has
// planes only, they are turned and turned back, which ONNX Runtime takes out again.
import { readFileSync } from 'node:fs';

const FLOAT = 1, INT32 = 6, INT64 = 7, BOOL = 9;
const TYPES = { DT_FLOAT: FLOAT, DT_INT32: INT32, DT_BOOL: BOOL };

// Protocol buffers, as far as onnx.proto needs them.
const varint = (n) => {
  const out = [];
  for (let v = BigInt.asUintN(64, BigInt(n)); ; v >>= 7n) {
    out.push(Number(v & 127n) | (v > 127n ? 128 : 0));
    if (v <= 127n) return Buffer.from(out);
  }
};
const number = (field, n) => Buffer.concat([varint(field * 8), varint(n)]);
const real = (field, n) => { const b = Buffer.alloc(4); b.writeFloatLE(n); return Buffer.concat([varint(field * 8 + 5), b]); };
const bytes = (field, ...parts) => {
  const content = Buffer.concat(parts.map((p) => (typeof p === 'string' ? Buffer.from(p) : p)));
  return Buffer.concat([varint(field * 8 + 2), varint(content.length), content]);
};

const attribute = (name, value) => {
  if (typeof value === 'string') return bytes(5, bytes(1, name), bytes(4, value), number(20, 3));
  if (Array.isArray(value)) return bytes(5, bytes(1, name), ...value.map((v) => number(8, v)), number(20, 7));
  return Number.isInteger(value)
    ? bytes(5, bytes(1, name), number(3, value), number(20, 2))
    : bytes(5, bytes(1, name), real(2, value), number(20, 1));
};
const tensor = (name, type, shape, raw) => bytes(5, ...shape.map((d) => number(1, d)), number(2, type), bytes(8, name), bytes(9, raw));
const value = (field, name, type, shape) =>
  bytes(field, bytes(1, name), bytes(2, bytes(1, number(1, type), bytes(2, ...shape.map((d) => bytes(1, number(1, d)))))));

const half = (h) => {
  const e = (h >> 10) & 31, m = h & 1023, s = h & 32768 ? -1 : 1;
  return e === 0 ? s * m * 2 ** -24 : e === 31 ? (m ? NaN : s * Infinity) : s * (1 + m / 1024) * 2 ** (e - 15);
};

function weights(manifest, data) {
  const all = new Map();
  let at = 0;
  for (const w of manifest.flatMap((group) => group.weights)) {
    const count = w.shape.reduce((a, b) => a * b, 1);
    const stored = w.quantization ? w.quantization.dtype : w.dtype;
    const size = { float16: 2, uint16: 2, uint8: 1, float32: 4, int32: 4, bool: 1 }[stored];
    const view = data.subarray(at, at + count * size);
    const values = new Array(count);
    for (let i = 0; i < count; i++) {
      if (stored === 'float16') values[i] = half(view.readUInt16LE(i * 2));
      else if (stored === 'float32') values[i] = view.readFloatLE(i * 4);
      else if (stored === 'int32') values[i] = view.readInt32LE(i * 4);
      else values[i] = size === 2 ? view.readUInt16LE(i * 2) : view.readUInt8(i);
      if (w.quantization && w.quantization.scale !== undefined) values[i] = values[i] * w.quantization.scale + w.quantization.min;
    }
    at += count * size;
    all.set(w.name, { shape: w.shape, type: w.dtype === 'float32' ? FLOAT : w.dtype === 'bool' ? BOOL : INT32, values });
  }
  if (at !== data.length) throw new Error(`the weights have ${data.length} bytes and ${at} are described`);
  return all;
}

/** The ONNX file. `metadata` is written into it. */
export function toOnnx(json, bin, output, metadata = {}) {
  const model = JSON.parse(readFileSync(json, 'utf8'));
  const constants = weights(model.weightsManifest, readFileSync(bin));
  const nodes = [], initializers = [];
  let count = 0;
  const fresh = (hint) => `${hint}.${++count}`;
  const put = (operator, inputs, attributes = {}, outputs = [fresh(operator)]) => {
    nodes.push(bytes(1, ...inputs.map((i) => bytes(1, i)), ...outputs.map((o) => bytes(2, o)), bytes(4, operator),
      ...Object.entries(attributes).map(([k, v]) => attribute(k, v))));
    return outputs[0];
  };
  const keep = (hint, type, shape, values) => {
    const name = fresh(hint);
    const raw = Buffer.alloc(values.length * { [FLOAT]: 4, [INT32]: 4, [INT64]: 8, [BOOL]: 1 }[type]);
    values.forEach((v, i) => {
      if (type === FLOAT) raw.writeFloatLE(v, i * 4);
      else if (type === INT32) raw.writeInt32LE(v, i * 4);
      else if (type === INT64) raw.writeBigInt64LE(BigInt(v), i * 8);
      else raw.writeUInt8(v ? 1 : 0, i);
    });
    initializers.push(tensor(name, type, shape, raw));
    return name;
  };
  const longs = (values) => keep('longs', INT64, [values.length], values);
  const planes = (x) => put('Transpose', [x], { perm: [0, 3, 1, 2] });
  const packed = (x, name) => put('Transpose', [x], { perm: [0, 2, 3, 1] }, name ? [name] : undefined);

  const names = new Map(); // of constants that are used as they are
  const name = (input) => {
    const [of, at] = input.split(':');
    if (constants.has(of)) {
      if (!names.has(of)) { const c = constants.get(of); names.set(of, keep('constant', c.type, c.shape, c.values)); }
      return names.get(of);
    }
    return at && at !== '0' ? `${of}:${at}` : of;
  };
  const known = (input, what) => {
    const constant = constants.get(input.split(':')[0]);
    if (!constant) throw new Error(`${what} is computed, which is not known here`);
    return constant.values;
  };
  const word = (a) => (a ? Buffer.from(a.s, 'base64').toString() : '');
  const list = (a) => a.list.i.map(Number);

  function activated(x, fused, as) {
    const act = fused.find((f) => f !== 'BiasAdd');
    if (!act) return put('Identity', [x], {}, [as]);
    if (act === 'Relu') return put('Relu', [x], {}, [as]);
    if (act === 'Relu6') return clip6(x, as);
    throw new Error(`${act} is not known`);
  }
  const clip6 = (x, as) => put('Clip', [x, keep('zero', FLOAT, [], [0]), keep('six', FLOAT, [], [6])], {}, [as]);

  function convolution(node, deep) {
    const w = constants.get(node.input[1].split(':')[0]);
    const [h, wd, i, o] = w.shape;
    const turned = new Array(w.values.length);
    for (let y = 0; y < h; y++) for (let x = 0; x < wd; x++) for (let a = 0; a < i; a++) for (let b = 0; b < o; b++) {
      const from = ((y * wd + x) * i + a) * o + b;
      turned[deep ? ((a * o + b) * h + y) * wd + x : ((b * i + a) * h + y) * wd + x] = w.values[from];
    }
    const shape = deep ? [i * o, 1, h, wd] : [o, i, h, wd];
    const fused = node.attr.fused_ops ? node.attr.fused_ops.list.s.map((s) => Buffer.from(s, 'base64').toString()) : [];
    const inputs = [planes(name(node.input[0])), keep('w', FLOAT, shape, turned)];
    if (fused.includes('BiasAdd')) inputs.push(name(node.input[2]));
    const attributes = { strides: list(node.attr.strides).slice(1, 3), kernel_shape: [h, wd], group: deep ? i : 1,
      auto_pad: word(node.attr.padding) === 'SAME' ? 'SAME_UPPER' : 'VALID' };
    if (node.attr.dilations) {
      attributes.dilations = list(node.attr.dilations).slice(1, 3);
    }
    activated(packed(put('Conv', inputs, attributes)), fused, node.name);
  }

  const same = { Mul: 'Mul', Add: 'Add', AddV2: 'Add', Sub: 'Sub', Relu: 'Relu', Sigmoid: 'Sigmoid', FloorDiv: 'Div', FloorMod: 'Mod', Equal: 'Equal', Identity: 'Identity' };
  const operators = {
    Conv2D: (n) => convolution(n, false), _FusedConv2D: (n) => convolution(n, false),
    DepthwiseConv2dNative: (n) => convolution(n, true), FusedDepthwiseConv2dNative: (n) => convolution(n, true),
    Relu6: (n) => clip6(name(n.input[0]), n.name),
    Mean: (n) => put('ReduceMean', [name(n.input[0])], { axes: known(n.input[1], 'an axis'), keepdims: n.attr.keep_dims && n.attr.keep_dims.b ? 1 : 0 }, [n.name]),
    ConcatV2: (n) => put('Concat', n.input.slice(0, -1).map(name), { axis: known(n.input.at(-1), 'an axis')[0] }, [n.name]),
    Reshape: (n) => put('Reshape', [name(n.input[0]), longs(known(n.input[1], 'a shape'))], {}, [n.name]),
    Cast: (n) => put('Cast', [name(n.input[0])], { to: TYPES[n.attr.DstT.type] }, [n.name]),
    ExpandDims: (n) => put('Unsqueeze', [name(n.input[0]), longs(known(n.input[1], 'an axis').slice(0, 1))], {}, [n.name]),
    StridedSlice: (n) => {
      const [begin, end, strides] = n.input.slice(1).map((i) => known(i, 'a slice'));
      const bit = (mask, i) => (Number((n.attr[mask] || {}).i || 0) >> i) & 1;
      const axes = begin.map((_, i) => i), squeezed = axes.filter((i) => bit('shrink_axis_mask', i));
      const from = axes.map((i) => (bit('begin_mask', i) ? 0 : begin[i]));
      const to = axes.map((i) => (bit('shrink_axis_mask', i) ? begin[i] + 1 || 2147483647 : bit('end_mask', i) ? 2147483647 : end[i]));
      const sliced = put('Slice', [name(n.input[0]), longs(from), longs(to), longs(axes), longs(strides)]);
      if (squeezed.length) put('Squeeze', [sliced, longs(squeezed)], {}, [n.name]);
      else put('Identity', [sliced], {}, [n.name]);
    },
    ResizeBilinear: (n) => {
      const [h, w] = known(n.input[1], 'a size');
      const mode = n.attr.align_corners && n.attr.align_corners.b ? 'align_corners' : n.attr.half_pixel_centers && n.attr.half_pixel_centers.b ? 'half_pixel' : 'asymmetric';
      const from = planes(name(n.input[0]));
      // Only height and width change: the other sizes are those of the input, known from its shape when it runs.
      const shape = put('Slice', [put('Shape', [from]), longs([0]), longs([2])]);
      const sizes = put('Concat', [shape, longs([h, w])], { axis: 0 });
      packed(put('Resize', [from, '', '', sizes], { mode: 'linear', coordinate_transformation_mode: mode }), n.name);
    },
    MaxPool: (n) => packed(put('MaxPool', [planes(name(n.input[0]))], { kernel_shape: list(n.attr.ksize).slice(1, 3), strides: list(n.attr.strides).slice(1, 3), auto_pad: word(n.attr.padding) === 'SAME' ? 'SAME_UPPER' : 'VALID' }), n.name),
    TopKV2: (n) => {
      const places = fresh('places');
      put('TopK', [name(n.input[0]), longs(known(n.input[1], 'a number'))], { axis: -1, largest: 1, sorted: 1 }, [n.name, places]);
      put('Cast', [places], { to: INT32 }, [`${n.name}:1`]);
    },
    GatherV2: (n) => put('Gather', n.input.slice(0, 2).map(name), { axis: known(n.input[2], 'an axis')[0] }, [n.name]),
  };

  const inputs = [], byName = new Map(model.modelTopology.node.map((n) => [n.name, n])), done = new Set();
  const write = (n) => {
    if (done.has(n.name)) return;
    done.add(n.name);
    for (const i of (n.input || [])) write(byName.get(i.replace(/^\^/, '').split(':')[0]));
    if (n.op === 'Const') return;
    if (n.op === 'Placeholder') {
      const shape = n.attr.shape.shape.dim.map((d) => Math.max(1, Number(d.size)));
      inputs.push(value(11, n.name, TYPES[n.attr.dtype.type], shape));
      return;
    }
    if (same[n.op]) put(same[n.op], n.input.map(name), {}, [n.name]);
    else if (operators[n.op]) operators[n.op](n);
    else throw new Error(`${n.op} is not known`);
  };
  const last = byName.get(output.name);
  if (!last) throw new Error(`${output.name} is not in ${json}`);
  write(last);
  const graph = bytes(7, ...nodes, bytes(2, 'graph'), ...initializers, ...inputs, value(12, output.name, FLOAT, output.shape));
  return Buffer.concat([number(1, 8), bytes(2, 'tfjs-to-onnx'), graph, bytes(8, number(2, 13)),
    ...Object.entries(metadata).map(([k, v]) => bytes(14, bytes(1, k), bytes(2, v)))]);
}
