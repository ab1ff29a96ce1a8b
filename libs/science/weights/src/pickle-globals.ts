import { quoted, refuse } from './checkpoint-unreadable.ts'
import type { ElementType } from './named-array.ts'
import {
  AllowedGlobal,
  isSize,
  Opaque,
  PickleTuple,
  StorageReference,
  TensorReference,
  type PickleMap,
  type PickleValue,
} from './pickle-values.ts'

const storageTypes: Readonly<Record<string, ElementType>> = {
  DoubleStorage: 'float64',
  FloatStorage: 'float32',
  HalfStorage: 'float16',
  BFloat16Storage: 'bfloat16',
  LongStorage: 'int64',
  IntStorage: 'int32',
  ShortStorage: 'int16',
  CharStorage: 'int8',
  ByteStorage: 'uint8',
  BoolStorage: 'bool',
}

/**
 * The globals that a state dictionary needs. Nothing here runs code that the file chooses: each name stands for a
 * function of ours.
 */
const allowed: ReadonlyMap<string, AllowedGlobal> = new Map(
  [
    new AllowedGlobal('collections.OrderedDict', emptyMap),
    new AllowedGlobal('torch._utils._rebuild_tensor_v2', rebuildTensor),
    new AllowedGlobal('torch._utils._rebuild_tensor', rebuildTensor),
    new AllowedGlobal('torch._utils._rebuild_parameter', rebuildParameter),
    new AllowedGlobal('torch._utils._rebuild_parameter_with_state', rebuildParameter),
    new AllowedGlobal('torch.Size', ([sizes]) => new PickleTuple(sizesOf(sizes))),
    ...Object.entries(storageTypes).map(([name, type]) => new AllowedGlobal(`torch.${name}`, undefined, type)),
  ].map((global) => [global.name, global]),
)

/**
 * Modules by which pickles run commands, load code or open connections. Checkpoints from training do not refer to them.
 * No function of any module is called here; the list only tells an attack from other contents of a training script's
 * checkpoint.
 */
const hostileModules = new Set(
  (
    'os posix nt subprocess _posixsubprocess commands popen2 pty sys importlib imp runpy code codeop marshal pickle _pickle cPickle ' +
    'cloudpickle ctypes _ctypes cffi socket _socket ssl shutil tempfile io _io fileinput linecache operator _operator inspect gc ' +
    'multiprocessing _winapi asyncio threading _thread concurrent signal atexit http httplib urllib urllib2 urllib3 requests aiohttp ' +
    'ftplib smtplib telnetlib webbrowser antigravity pdb bdb trace timeit profile cProfile doctest pydoc platform site venv ensurepip ' +
    'pip setuptools distutils pkgutil zipimport zipfile tarfile glob shlex sqlite3 dbm shelve'
  ).split(' '),
)
const hostileNames =
  /^(?:(?:builtins|__builtin__|__builtins__)\.(?:eval|exec|execfile|compile|open|input|breakpoint|__import__|globals|locals|vars|apply|map|reload)|torch\.(?:load|hub\..*|package\..*|ops\..*|serialization\.load|utils\.cpp_extension\..*|utils\.model_zoo\..*|jit\..*)|numpy\.(?:load|fromfile|memmap|f2py\..*|testing\..*|distutils\..*)|types\.(?:CodeType|FunctionType))(?:$|\.)/

/** The global of a module and name: an allowed one, or an opaque value, which no tensor needs. */
export function globalOf(module: string, name: string): AllowedGlobal | Opaque {
  const full = `${module}.${name}`
  const known = allowed.get(full)
  if (known) return known
  if (hostileModules.has(module.split('.')[0]!) || hostileNames.test(full))
    refuse(`it asks Python for ${quoted(full)}, as attacks do and checkpoints do not`)
  return new Opaque(full)
}

/**
 * The storage that a persistent id of PyTorch refers to: ('storage', type, key, location, elements), and in legacy
 * files a view, which must be absent.
 */
export function storageReference(id: PickleValue | undefined): StorageReference {
  const [kind, type, key, , elements, view = null] = id instanceof PickleTuple ? id.items : []
  const isStorage =
    kind === 'storage' &&
    type instanceof AllowedGlobal &&
    type.storageType &&
    typeof key === 'string' &&
    isSize(elements)
  if (type instanceof Opaque)
    refuse(`it has numbers of ${quoted(type.name)}, a type that is not read; save its tensors as float32`)
  if (!isStorage || view !== null) refuse('it refers to something that is not a storage')
  return new StorageReference((type as AllowedGlobal).storageType!, key as string, elements as number)
}

function emptyMap(values: readonly PickleValue[]): PickleMap {
  return values.length === 0 ? new Map() : refuse('it fills a dictionary in a way only Python 2 has')
}

/**
 * The values are (storage, offset, shape, strides, requires gradient, hooks, properties). The properties say of views
 * of complex numbers that the signs in the storage are to be turned.
 */
function rebuildTensor(values: readonly PickleValue[]): TensorReference {
  const [storage, offset, shape, strides, , , properties] = values
  if (!(storage instanceof StorageReference) || !isSize(offset)) refuse('it has a tensor without storage')
  if (properties instanceof Map && properties.size > 0)
    refuse('it has a tensor that is a view of conjugated complex numbers; save a copy of it (resolve_neg().clone())')
  const [sizes, steps] = [sizesOf(shape), sizesOf(strides)]
  return sizes.length === steps.length
    ? new TensorReference(storage, offset, sizes, steps)
    : refuse('it has a tensor without proper strides')
}

/** The values are (tensor, requires gradient, hooks, …). */
function rebuildParameter([tensor]: readonly PickleValue[]): TensorReference {
  return tensor instanceof TensorReference ? tensor : refuse('it has a parameter that is not a tensor')
}

function sizesOf(value: PickleValue | undefined): number[] {
  const sizes = value instanceof PickleTuple ? value.items : refuse('it has a tensor without proper shape')
  return sizes.length <= 64 && sizes.every(isSize)
    ? (sizes as number[])
    : refuse('it has a tensor without proper shape')
}
