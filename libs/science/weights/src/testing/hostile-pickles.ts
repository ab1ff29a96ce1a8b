import {
  assemble,
  call,
  dictionary,
  global,
  integer,
  legacyFile,
  storage,
  tensor,
  text,
  tuple,
  uint32,
  uint64,
  type PicklePart,
} from './pickle-assembler.ts'

/** A description, the file, and why it is refused. */
export type HostileFile = readonly [string, Uint8Array, RegExp]

/** The command that every hostile call would run. */
const command = 'touch gauntlet-was-here'
const one = { '0': 4 }
const good = tensor(storage('0', 4n), 0n, [4n], [1n])
const shell = call('os', 'system', text(command))
const state = (value: PicklePart) => legacyFile(dictionary(['w', value]), one)
/** A file around a pickle that is too long to be assembled part by part. */
const longPickle = (pickle: Uint8Array) => {
  const start = legacyFile([]).slice(0, -assemble('.', [0x80, 2, '](e.']).byteLength)
  return Buffer.concat([start, pickle])
}
const repeated = (part: PicklePart, count: number) => {
  const bytes = assemble(part)
  return Buffer.alloc(bytes.byteLength * count, bytes)
}

/** Pickles that would run code if they were unpickled. */
export const codeExecutingPickles: readonly HostileFile[] = [
  ['os.system as the whole checkpoint', legacyFile(shell), /"os\.system"/],
  ['os.system in the place of a tensor', state(shell), /"os\.system"/],
  [
    'os.system beside an honest state dictionary',
    legacyFile(dictionary(['state_dict', dictionary(['w', good])], ['x', shell]), one),
    /"os\.system"/,
  ],
  ['posix.system, as Linux pickles os.system', state(call('posix', 'system', text(command))), /"posix\.system"/],
  ['nt.system, as Windows does', state(call('nt', 'system', text(command))), /"nt\.system"/],
  [
    'subprocess.Popen by name on the stack',
    legacyFile([text('subprocess'), text('Popen'), 0x93, tuple(text(command)), 'R']),
    /"subprocess\.Popen"/,
  ],
  ['builtins.eval', state(call('builtins', 'eval', text(`__import__("os").system("${command}")`))), /"builtins\.eval"/],
  ['builtins.exec of Python 2', state(call('__builtin__', 'execfile', text('/tmp/x.py'))), /"__builtin__\.execfile"/],
  ['a module imported by name', state(call('importlib', 'import_module', text('os'))), /"importlib\.import_module"/],
  ['a pickle in a pickle', state(call('pickle', 'loads', text('cos\nsystem\n'))), /"pickle\.loads"/],
  ['code made of bytes', state(call('marshal', 'loads', text('x'))), /"marshal\.loads"/],
  ['a program loaded as a library', state(call('ctypes', 'CDLL', text('/tmp/x.so'))), /"ctypes\.CDLL"/],
  ['a file opened', state(call('io', 'open', text('/etc/passwd'))), /"io\.open"/],
  ['a folder removed', state(call('shutil', 'rmtree', text('/'))), /"shutil\.rmtree"/],
  [
    'a connection opened',
    state(call('socket', 'create_connection', tuple(text('example.com'), integer(80n)))),
    /"socket\./,
  ],
  ['a browser opened', state(call('webbrowser', 'open', text('http://example.com'))), /"webbrowser\.open"/],
  [
    'a repository of code by torch.hub',
    state(call('torch.hub', 'load', text('owner/name'), text('model'))),
    /"torch\.hub\.load"/,
  ],
  ['another checkpoint by torch.load', state(call('torch', 'load', text('/tmp/x.pt'))), /"torch\.load"/],
  [
    'a command run by a test of NumPy',
    state(call('numpy.testing._private.utils', 'runstring', text(command), '}')),
    /"numpy\.testing/,
  ],
  [
    'a chain that fetches os.system from a dictionary of modules',
    state([global('operator', 'attrgetter'), tuple(text('system')), 'R']),
    /"operator\.attrgetter"/,
  ],
  ['INST', legacyFile(['(', text(command), 'ios\nsystem\n']), /"os\.system"/],
  ['OBJ', legacyFile(['(', global('os', 'system'), text(command), 'o']), /"os\.system"/],
  ['NEWOBJ', legacyFile([global('subprocess', 'Popen'), tuple(text(command)), 0x81]), /"subprocess\.Popen"/],
  ['NEWOBJ_EX', legacyFile([global('subprocess', 'Popen'), tuple(text(command)), '}', 0x92]), /"subprocess\.Popen"/],
  [
    'BUILD of what a tensor is made of',
    legacyFile([global('torch._utils', '_rebuild_tensor_v2'), '}', 'b']),
    /state of something/,
  ],
  ['BUILD of a storage', state([storage('0', 4n), '}', 'b']), /state of something/],
  ['a call of an object', state([good, tuple(), 'R']), /calls something/],
  ['a call of a storage type', state(call('torch', 'FloatStorage', integer(4n))), /calls something/],
  [
    'a global reached through an allowed one',
    legacyFile(dictionary(['w', call('torch._utils', '_rebuild_tensor_v2.__globals__')])),
    /not a tensor/,
  ],
  [
    'an object of a class of its own as a tensor',
    legacyFile(dictionary(['w', call('evil', 'Tensor', text(command))])),
    /not a tensor/,
  ],
  [
    'a whole model',
    legacyFile([global('models', 'ResNet'), tuple(), 0x81, dictionary(['w', good]), 'b'], one),
    /no state dictionary/,
  ],
  ['an extension code', legacyFile([0x82, 1]), /opcode 0x82/],
  ['a persistent id of its own', legacyFile([tuple(text('module'), text('os')), 'Q']), /not a storage/],
]

/** Lists of ten lists each, twenty levels deep, which are 10²⁰ numbers if written out ("billion laughs"). */
const laughs: PicklePart = [
  ']',
  'q',
  0,
  Array.from({ length: 20 }, (_, i) => ['](', Array.from({ length: 10 }, () => ['h', i]), 'e', 'q', i + 1]),
]

/** Pickles that would fill the memory, or refer to bytes outside their storages. */
export const resourceExhaustingPickles: readonly HostileFile[] = [
  ['a billion laughs', legacyFile(['(', laughs, '1}', text('w'), ['h', 20], 's']), /not a tensor/],
  ['a dictionary that holds itself', legacyFile(['}', 'q', 0, text('state_dict'), 'h', 0, 's']), /lies in more than/],
  ['two million lists', longPickle(repeated(']', 2_000_000)), /opcodes/],
  ['two million dictionaries', longPickle(repeated('}', 2_000_000)), /opcodes/],
  ['two million marks', longPickle(repeated('(', 2_000_000)), /opcodes/],
  [
    'lists nested half a million deep',
    longPickle(Buffer.concat([repeated(']', 240_000), repeated('a', 239_999), assemble('.')])),
    /no state|ends early/,
  ],
  [
    'tuples nested a hundred thousand deep',
    longPickle(Buffer.concat([assemble(')'), repeated([0x85], 100_000), assemble('.')])),
    /no state|ends early/,
  ],
  [
    'a memo of the largest index',
    legacyFile([dictionary(), 'r', uint32(0xffffffff), 'j', uint32(0xfffffffe), '0']),
    /recalls/,
  ],
  ['text of 4 GiB', legacyFile(['X', uint32(0xffffffff)]), /ends early/],
  ['text of 2⁶³ bytes', legacyFile([0x8d, uint64(2n ** 63n)]), /length of/],
  ['bytes of 2⁶³', legacyFile([0x8e, uint64(2n ** 63n)]), /length of/],
  ['a number of −1 bytes', legacyFile([0x8b, uint32(0xffffffff)]), /ends early/],
  ['a number of 2 GiB', legacyFile([0x8b, uint32(0x7fffffff)]), /ends early/],
  ['one number spread over terabytes', state(tensor(storage('0', 4n), 0n, [2n ** 40n], [0n])), /4 times the file/],
  [
    'many numbers spread a little',
    legacyFile(
      dictionary(
        ...Array.from({ length: 90 }, (_, i): [string, PicklePart] => [
          `w${i}`,
          tensor(storage('0', 4n), 0n, [400n], [0n]),
        ]),
      ),
      one,
    ),
    /4 times the file/,
  ],
  [
    'a product of sizes beyond all numbers',
    state(tensor(storage('0', 4n), 0n, [2n ** 52n, 2n ** 52n], [0n, 0n])),
    /beyond its storage/,
  ],
  [
    'a product of sizes that wraps to nothing',
    state(tensor(storage('0', 4n), 0n, [2n ** 32n, 2n ** 32n], [1n, 1n])),
    /beyond its storage/,
  ],
  [
    'a hundred axes',
    state(tensor(storage('0', 4n), 0n, Array<bigint>(100).fill(1n), Array<bigint>(100).fill(1n))),
    /proper shape/,
  ],
  ['a negative size', state(tensor(storage('0', 4n), 0n, [-1n], [1n])), /proper shape/],
  ['a negative stride', state(tensor(storage('0', 4n), 3n, [4n], [-1n])), /proper shape/],
  ['a negative offset', state(tensor(storage('0', 4n), -1n, [1n], [1n])), /without storage/],
  ['an offset beyond its storage', state(tensor(storage('0', 4n), 5n, [0n], [1n])), /beyond its storage/],
  ['strides beyond its storage', state(tensor(storage('0', 4n), 0n, [2n, 2n], [9n, 1n])), /beyond its storage/],
  ['a storage larger than the file', state(tensor(storage('0', 2n ** 52n), 0n, [1n], [1n])), /size/],
  [
    'a storage of two sizes',
    legacyFile(dictionary(['a', storage('0', 4n)], ['b', storage('0', 5n)]), one),
    /two sizes/,
  ],
  [
    'a storage of two types',
    legacyFile(dictionary(['a', storage('0', 4n)], ['b', storage('0', 4n, 'DoubleStorage')]), one),
    /two sizes/,
  ],
  ['a tensor of a storage nobody wrote', state(tensor(storage('1', 4n), 0n, [1n], [1n])), /list of storages/],
  ['a name given twice', legacyFile(dictionary(['w', good], ['w', good]), one), /twice/],
  ['a name that is no text', legacyFile(['}', integer(7n), good, 's'], one), /key that is not text/],
  [
    'a machine of the other byte order',
    legacyFile(dictionary(), {}, dictionary(['little_endian', 0x89])),
    /big-endian/,
  ],
  ['bytes behind the last tensor', Buffer.concat([state(good), Buffer.alloc(1)]), /goes on/],
  ['an end in the middle of a tensor', state(good).subarray(0, -3), /ends early/],
  ['an end in the middle of an opcode', state(good).subarray(0, 40), /ends early/],
]
