# SPDX-License-Identifier: GPL-3.0-or-later
"""A small, strict, non-executing reader for every format in formats.md (own code).

It is a check of the corpus, not a product: it proves that the hand-written valid
files mean what their sidecars say, and that each hostile file can be refused (or
listed with a warning) inside the limits by an implementation that follows
formats.md. Python standard library only; nothing is ever imported or called on
behalf of a file.
"""
import ast
import hashlib
import json
import os
import struct
import sys
import zlib

sys.setrecursionlimit(20000)
MAX_DEPTH = 400           # containers inside containers
MAX_OPS = 4_000_000       # opcodes in one pickle
MAX_NODES = 200_000       # entries listed
MAX_PKL = 64 << 20        # bytes of one pickle
MAX_ENTRY = 64 << 20      # bytes inflated from one zip member
MAX_HEADER = 100_000_000  # safetensors header
MAX_DIMS = 64
MAX_MATERIAL = 64 << 20   # bytes of one resolved tensor in this checker
MAX_ZIP_ENTRIES = 70_000


class Err(Exception):
    pass


DT = dict(float32=4, float64=8, float16=2, bfloat16=2, int8=1, int16=2, int32=4, int64=8, uint8=1, uint16=2, uint32=4, uint64=8,
          bool=1, complex32=4, complex64=8, complex128=16, quint8=1, qint8=1, qint32=4, quint4x2=1, quint2x4=1,
          float8_e4m3fn=1, float8_e5m2=1, float8_e4m3fnuz=1, float8_e5m2fnuz=1, float8_e8m0fnu=1, bits8=1, bits16=2,
          bits1x8=1, bits2x4=1, bits4x2=1, float4_e2m1fn_x2=1)
STOR = dict(DoubleStorage='float64', FloatStorage='float32', HalfStorage='float16', LongStorage='int64', IntStorage='int32',
            ShortStorage='int16', CharStorage='int8', ByteStorage='uint8', BoolStorage='bool', BFloat16Storage='bfloat16',
            ComplexDoubleStorage='complex128', ComplexFloatStorage='complex64', QInt8Storage='qint8', QInt32Storage='qint32',
            QUInt8Storage='quint8', QUInt4x2Storage='quint4x2', QUInt2x4Storage='quint2x4', UntypedStorage='uint8')
SWAP = dict(complex64=4, complex128=8, complex32=2)
BAD_TOP = set('''os posix nt subprocess sys builtins __builtin__ importlib runpy code codeop pty pdb bdb cProfile profile
timeit trace shutil socket ctypes webbrowser pip pydoc uuid imaplib smtplib ftplib urllib http asyncio multiprocessing
distutils ensurepip idlelib lib2to3 logging io pickle _pickle marshal types functools operator _operator itertools
tempfile pathlib2 commands venv inspect gc platform tarfile zipfile _posixsubprocess _osx_support _aix_support
fileinput linecache concurrent threading signal atexit copyreg copy_reg __main__ site sysconfig'''.split())
OK_BUILTINS = {'set', 'frozenset', 'complex', 'bytearray', 'slice', 'range', 'list', 'dict', 'tuple', 'int', 'float', 'str', 'bytes', 'object', 'bool'}
OK_COPYREG = {'_reconstructor'}


PY2 = {'__builtin__': 'builtins', 'copy_reg': 'copyreg', 'exceptions': 'builtins', 'cPickle': 'pickle', 'Queue': 'queue'}
PY2N = {'xrange': 'range', 'unicode': 'str', 'long': 'int', 'unichr': 'chr', 'raw_input': 'input', 'reduce': 'functools.reduce'}


class Glob:
    __slots__ = ('m', 'n')

    def __init__(s, m, n):
        if m == '__builtin__':
            n = PY2N.get(n, n)
        s.m, s.n = PY2.get(m, m), n

    @property
    def full(s):
        return s.m + '.' + s.n


class Call:
    __slots__ = ('f', 'args', 'kw', 'state', 'items', 'pairs', 'new')

    def __init__(s, f, args, new=False, kw=None):
        s.f, s.args, s.kw, s.state, s.items, s.pairs, s.new = f, args, kw, None, [], [], new


class Stor:
    __slots__ = ('dt', 'key', 'loc', 'numel', 'view', 'es')

    def __init__(s, dt, key, loc, numel, view=None):
        s.dt, s.key, s.loc, s.numel, s.view, s.es = dt, key, loc, numel, view, DT[dt]


class PD:
    __slots__ = ('pairs', 'cls')

    def __init__(s, cls='dict'):
        s.pairs, s.cls = [], cls


class PSet:
    __slots__ = ('items',)

    def __init__(s):
        s.items = []


MARK = object()


def isint(x):
    return type(x) is int


class VM:
    """Runs a pickle as data. Every push is a plain value, Glob, Call, Stor or container."""
    def __init__(s, data, pos=0, persid=None):
        s.d, s.p, s.persid, s.warn = data, pos, persid, []
        s.named = []

    def take(s, n):
        if n < 0 or n > len(s.d) - s.p:
            raise Err('pickle: field of %d bytes runs past the end of the stream at byte %d' % (n, s.p))
        r = s.d[s.p:s.p + n]
        s.p += n
        return r

    def line(s):
        e = s.d.find(b'\n', s.p, s.p + 65536 + 1)
        if e < 0:
            raise Err('pickle: text line without an end at byte %d' % s.p)
        r = s.d[s.p:e]
        s.p = e + 1
        return r

    def run(s):
        st, memo, ops = [], {}, 0
        marks = 0
        frame_end = None

        def pop():
            if not st or st[-1] is MARK:
                raise Err('pickle: stack underflow at byte %d' % s.p)
            return st.pop()

        def popmark():
            nonlocal marks
            if not marks:
                raise Err('pickle: no MARK at byte %d' % s.p)
            marks -= 1
            i = len(st) - 1
            while st[i] is not MARK:
                i -= 1
            r = st[i + 1:]
            del st[i:]
            return r

        def top():
            if not st or st[-1] is MARK:
                raise Err('pickle: stack underflow at byte %d' % s.p)
            return st[-1]

        def utf(b):
            try:
                return b.decode('utf-8', 'surrogatepass')
            except UnicodeDecodeError:
                raise Err('pickle: text is not UTF-8 at byte %d' % s.p)

        def glob(m, n):
            if type(m) is not str or type(n) is not str:
                raise Err('pickle: global name is not text at byte %d' % s.p)
            g = Glob(m, n)
            s.named.append(g)
            return g

        def setitems(o, kv):
            if len(kv) % 2:
                raise Err('pickle: odd number of dict items at byte %d' % s.p)
            it = list(zip(kv[::2], kv[1::2]))
            if isinstance(o, PD) or isinstance(o, Call):
                o.pairs.extend(it)
            else:
                raise Err('pickle: item store into something that is not a dict at byte %d' % s.p)

        def append(o, xs):
            if type(o) is list:
                o.extend(xs)
            elif isinstance(o, Call):
                o.items.extend(xs)
            elif isinstance(o, PSet):
                o.items.extend(xs)
            else:
                raise Err('pickle: append to something that is not a list at byte %d' % s.p)

        def call(f, a, new=False, kw=None):
            if type(a) is not tuple:
                raise Err('pickle: call arguments are not a tuple at byte %d' % s.p)
            if isinstance(f, Glob) and f.full == 'collections.OrderedDict' and not a:
                return PD('OrderedDict')
            if isinstance(f, Glob) and f.full in ('_codecs.encode',) and len(a) == 2 and type(a[0]) is str and a[1] in ('latin1', 'latin-1'):
                try:
                    return a[0].encode('latin-1')
                except UnicodeEncodeError:
                    raise Err('pickle: latin-1 text out of range')
            if not isinstance(f, (Glob, Call)):
                raise Err('pickle: call of something that is not a class or function at byte %d' % s.p)
            return Call(f, a, new, kw)

        def need(i, n=4):
            return i

        if len(s.d) - s.p > MAX_PKL:
            raise Err('pickle: stream longer than the limit')
        while True:
            ops += 1
            if ops > MAX_OPS:
                raise Err('pickle: more than %d opcodes' % MAX_OPS)
            at = s.p
            if frame_end is not None and at >= frame_end:
                if at > frame_end:
                    raise Err('pickle: opcode straddles its frame at byte %d' % at)
                frame_end = None
            c = s.take(1)[0]
            if c == 0x2e:
                if len(st) != 1 or st[0] is MARK:
                    raise Err('pickle: STOP with %d objects on the stack' % len(st))
                s.memo_n = len(memo)
                return st[0]
            elif c == 0x80:
                v = s.take(1)[0]
                if v > 5:
                    raise Err('pickle: protocol %d is not known' % v)
            elif c == 0x95:
                n = struct.unpack('<Q', s.take(8))[0]
                if n > len(s.d) - s.p:
                    raise Err('pickle: frame longer than the stream')
                if frame_end is not None:
                    raise Err('pickle: frame inside a frame')
                frame_end = s.p + n
            elif c == 0x28:
                st.append(MARK)
                marks += 1
            elif c == 0x30:
                if st and st[-1] is MARK:
                    s.drop(popmark())
                else:
                    s.drop([pop()])
            elif c == 0x31:
                s.drop(popmark())
            elif c == 0x32:
                st.append(top())
            elif c == 0x4e:
                st.append(None)
            elif c == 0x88:
                st.append(True)
            elif c == 0x89:
                st.append(False)
            elif c == 0x49:
                t = s.line()
                if t in (b'00', b'01'):
                    st.append(t == b'01')
                else:
                    st.append(s.dec(t))
            elif c == 0x4c:
                t = s.line()
                st.append(s.dec(t[:-1] if t[-1:] == b'L' else t))
            elif c == 0x46:
                t = s.line()
                try:
                    st.append(float(t.decode('ascii')) if len(t) < 100 else s.bad('float text too long'))
                except (ValueError, UnicodeDecodeError):
                    raise Err('pickle: bad float text at byte %d' % at)
            elif c == 0x47:
                st.append(struct.unpack('>d', s.take(8))[0])
            elif c == 0x4a:
                st.append(struct.unpack('<i', s.take(4))[0])
            elif c == 0x4b:
                st.append(s.take(1)[0])
            elif c == 0x4d:
                st.append(struct.unpack('<H', s.take(2))[0])
            elif c == 0x8a:
                st.append(int.from_bytes(s.take(s.take(1)[0]), 'little', signed=True))
            elif c == 0x8b:
                n = struct.unpack('<i', s.take(4))[0]
                if n < 0 or n > 1024:
                    raise Err('pickle: integer of %d bytes at byte %d' % (n, at))
                st.append(int.from_bytes(s.take(n), 'little', signed=True))
            elif c == 0x53:
                t = s.line()
                if len(t) < 2 or t[:1] not in b'\'"' or t[-1:] != t[:1]:
                    raise Err('pickle: STRING without quotes at byte %d' % at)
                try:
                    v = ast.literal_eval(('b' + t.decode('ascii')))
                except Exception:
                    raise Err('pickle: bad STRING at byte %d' % at)
                st.append(v.decode('latin-1'))
            elif c in (0x54, 0x42, 0x58):
                n = struct.unpack('<I', s.take(4))[0]
                b = s.take(n)
                st.append(b.decode('latin-1') if c == 0x54 else b if c == 0x42 else utf(b))
            elif c in (0x55, 0x43, 0x8c):
                b = s.take(s.take(1)[0])
                st.append(b.decode('latin-1') if c == 0x55 else b if c == 0x43 else utf(b))
            elif c in (0x8d, 0x8e, 0x96):
                n = struct.unpack('<Q', s.take(8))[0]
                b = s.take(n)
                st.append(utf(b) if c == 0x8d else b if c == 0x8e else bytearray(b))
            elif c == 0x56:
                try:
                    st.append(s.line().decode('raw-unicode-escape'))
                except UnicodeDecodeError:
                    raise Err('pickle: bad UNICODE at byte %d' % at)
            elif c == 0x29:
                st.append(())
            elif c == 0x5d:
                st.append([])
            elif c == 0x7d:
                st.append(PD())
            elif c == 0x8f:
                st.append(PSet())
            elif c == 0x74:
                st.append(tuple(popmark()))
            elif c == 0x6c:
                st.append(popmark())
            elif c == 0x64:
                o = PD()
                setitems(o, popmark())
                st.append(o)
            elif c == 0x91:
                o = PSet()
                o.items = popmark()
                st.append(o)
            elif c == 0x85:
                st.append((pop(),))
            elif c == 0x86:
                b = pop()
                st.append((pop(), b))
            elif c == 0x87:
                z = pop()
                y = pop()
                st.append((pop(), y, z))
            elif c == 0x61:
                x = pop()
                append(top(), [x])
            elif c == 0x65:
                x = popmark()
                append(top(), x)
            elif c == 0x90:
                x = popmark()
                if not isinstance(top(), (PSet, Call)):
                    raise Err('pickle: add to something that is not a set')
                append(top(), x)
            elif c == 0x73:
                v = pop()
                k = pop()
                setitems(top(), [k, v])
            elif c == 0x75:
                x = popmark()
                setitems(top(), x)
            elif c == 0x70 or c == 0x67:
                t = s.line()
                i = s.dec(t)
                if c == 0x70:
                    if i < 0 or i > len(s.d):
                        raise Err('pickle: memo index %d at byte %d' % (i, at))
                    memo[i] = top()
                else:
                    if i not in memo:
                        raise Err('pickle: memo index %d was never stored' % i)
                    st.append(memo[i])
            elif c in (0x71, 0x72):
                i = s.take(1)[0] if c == 0x71 else struct.unpack('<I', s.take(4))[0]
                if i > len(s.d):
                    raise Err('pickle: memo index %d is out of any honest range' % i)
                memo[i] = top()
            elif c == 0x94:
                memo[len(memo)] = top()
            elif c in (0x68, 0x6a):
                i = s.take(1)[0] if c == 0x68 else struct.unpack('<I', s.take(4))[0]
                if i not in memo:
                    raise Err('pickle: memo index %d was never stored' % i)
                st.append(memo[i])
            elif c == 0x63:
                m, n = s.line(), s.line()
                st.append(glob(utf(m), utf(n)))
            elif c == 0x93:
                n = pop()
                m = pop()
                st.append(glob(m, n))
            elif c == 0x52:
                a = pop()
                f = pop()
                st.append(call(f, a))
            elif c == 0x81:
                a = pop()
                f = pop()
                st.append(call(f, a, True))
            elif c == 0x92:
                kw = pop()
                a = pop()
                f = pop()
                if not isinstance(kw, PD):
                    raise Err('pickle: NEWOBJ_EX keywords are not a dict')
                st.append(call(f, a, True, kw))
            elif c == 0x6f:
                x = popmark()
                if not x:
                    raise Err('pickle: OBJ without a class')
                st.append(call(x[0], tuple(x[1:])))
            elif c == 0x69:
                m, n = s.line(), s.line()
                st.append(call(glob(utf(m), utf(n)), tuple(popmark())))
            elif c == 0x62:
                x = pop()
                o = top()
                if isinstance(o, Call):
                    if o.state is not None:
                        s.warn.append('an object receives its state twice')
                    o.state = x
                elif isinstance(o, PD):
                    pass
                else:
                    raise Err('pickle: BUILD on something that is not an object at byte %d' % at)
            elif c == 0x51 or c == 0x50:
                pid = pop() if c == 0x51 else utf(s.line())
                if s.persid is None:
                    raise Err('pickle: persistent id where none is allowed at byte %d' % at)
                st.append(s.persid(pid))
            elif c in (0x82, 0x83, 0x84):
                raise Err('pickle: extension code at byte %d' % at)
            elif c in (0x97, 0x98):
                raise Err('pickle: out-of-band buffer at byte %d' % at)
            else:
                raise Err('pickle: unknown opcode 0x%02x at byte %d' % (c, at))

    def bad(s, m):
        raise Err('pickle: ' + m)

    def drop(s, xs):
        if any(isinstance(x, Call) for x in xs):
            s.warn.append('the result of a call is thrown away')

    def dec(s, t):
        t = t.strip()
        if len(t) > 400 or not t.lstrip(b'+-').isdigit():
            raise Err('pickle: bad integer text at byte %d' % s.p)
        return int(t)


# ---------------------------------------------------------------- results

class Res:
    def __init__(s, fmt):
        s.fmt, s.tensors, s.entries, s.warn, s.nodes = fmt, [], [], [], 0

    def add(s, path, dt, shape, data=None, **kw):
        s.node()
        s.tensors.append((tuple(path), dt, list(shape) if shape is not None else None, data, kw))

    def ent(s, path, typ, val=None, **kw):
        s.node()
        s.entries.append((tuple(path), typ, val, kw))

    def node(s):
        s.nodes += 1
        if s.nodes > MAX_NODES:
            raise Err('listing: more than %d entries' % MAX_NODES)


def geometry(off, size, stride, es, nbytes):
    """Checks a strided view against its storage; returns the element count."""
    if not isint(off) or off < 0:
        raise Err('tensor: storage offset %r is not a natural number' % (off,))
    if type(size) is not tuple or type(stride) is not tuple or len(size) != len(stride):
        raise Err('tensor: size and stride disagree')
    if len(size) > MAX_DIMS:
        raise Err('tensor: %d dimensions' % len(size))
    n, last, empty = 1, off, False
    for d, t in zip(size, stride):
        if not isint(d) or d < 0 or d >= 2**63:
            raise Err('tensor: size %r is not a natural number' % (d,))
        if not isint(t) or t < 0 or t >= 2**63:
            raise Err('tensor: stride %r is not a natural number' % (t,))
        if d == 0:
            empty = True
        n *= max(d, 1)
        if n > 2**63 - 1:
            raise Err('tensor: element count overflows')
        if d:
            last += (d - 1) * t
    if empty:
        n = 0
        if off * es > nbytes:
            raise Err('tensor: offset past its storage')
    elif (last + 1) * es > nbytes:
        raise Err('tensor: needs %d bytes of a storage of %d' % ((last + 1) * es, nbytes))
    if n * es > 2**63 - 1:
        raise Err('tensor: byte count overflows')
    return n


def resolve(raw, off, size, stride, es):
    n = 1
    for d in size:
        n *= d
    if n * es > MAX_MATERIAL:
        return None
    if n == 0:
        return b''
    exp = 1
    contig = True
    for d, t in zip(reversed(size), reversed(stride)):
        if d != 1 and t != exp:
            contig = False
        exp *= d
    if contig:
        return raw[off * es:(off + n) * es]
    out = bytearray()
    idx = [0] * len(size)
    while True:
        o = off + sum(i * t for i, t in zip(idx, stride))
        out += raw[o * es:(o + 1) * es]
        k = len(size) - 1
        while k >= 0:
            idx[k] += 1
            if idx[k] < size[k]:
                break
            idx[k] = 0
            k -= 1
        if k < 0:
            return bytes(out)


def swapped(b, es):
    return b''.join(b[i:i + es][::-1] for i in range(0, len(b), es))


# ---------------------------------------------------------------- pickle tree -> listing

class Lister:
    def __init__(s, res, getraw, byteorder='little', depth0=0, constants=False):
        s.res, s.getraw, s.bo = res, getraw, byteorder
        s.seen = []
        s.tdepth = 0
        s.active = set()
        s.globs = set()
        s.depth0 = depth0

    def tuple_args(s, c, n):
        if len(c.args) < n:
            raise Err('tensor: too few arguments')
        return c.args

    def dense(s, st, off, size, stride, dt=None, meta=None):
        if isinstance(st, Call) and isinstance(st.f, Glob) and st.f.full == 'torch.storage._load_from_bytes' and len(st.args) == 1 and isinstance(st.args[0], (bytes, bytearray)):
            if s.depth0 > 2:
                raise Err('nested checkpoint files go too deep')
            vm, root, getraw, extra = parse_legacy(bytes(st.args[0]), s.res, s.depth0 + 1)
            finish(s.res, vm, root, extra)
            if not isinstance(root, Stor):
                raise Err('tensor: nested file does not hold a storage')
            sub = Lister(s.res, getraw, 'little', s.depth0 + 1)
            return sub.dense(root, off, size, stride, dt, meta)
        if isinstance(size, Call) and isinstance(size.f, Glob) and size.f.full == 'torch.Size' and size.args:
            size = size.args[0]
        if not isinstance(st, Stor):
            raise Err('tensor: built from something that is not a storage')
        dt = dt or st.dt
        es = DT[dt]
        raw = s.getraw(st)
        n = geometry(off, size, stride, es, len(raw) if st.view is None else st.view[2] * st.es)
        base = 0
        if st.view is not None:
            base = st.view[1] * st.es
            if base + st.view[2] * st.es > len(raw):
                raise Err('tensor: view outside its storage')
            raw = raw[base:base + st.view[2] * st.es]
        data = resolve(raw, off, size, stride, es)
        if data is None:
            s.res.warn.append('tensor of %d bytes is a view of %d bytes; not materialised' % (n * es, len(raw)))
        elif s.bo == 'big' and es > 1:
            data = swapped(data, SWAP.get(dt, es))
        if meta is not None and data is not None:
            if isinstance(meta, PD):
                m = {k: v for k, v in meta.pairs if type(k) is str}
                if m.get('conj') is True and dt.startswith('complex'):
                    h = es // 2
                    data = b''.join(data[i:i + h] + neg(data[i + h:i + es]) for i in range(0, len(data), es))
                if m.get('neg') is True:
                    w = SWAP.get(dt, es)
                    data = b''.join(neg(data[i:i + w]) for i in range(0, len(data), w))
        return dt, list(size), data

    def dtype(s, g):
        if not isinstance(g, Glob) or g.m != 'torch' or g.n not in DT and g.n not in ('half', 'float', 'double', 'long', 'int', 'short'):
            raise Err('tensor: unknown dtype')
        return {'half': 'float16', 'float': 'float32', 'double': 'float64', 'long': 'int64', 'int': 'int32', 'short': 'int16'}.get(g.n, g.n)

    def tensor(s, c, path):
        """Lists c if it rebuilds a tensor; returns True if so."""
        s.tdepth += 1
        if s.tdepth > 20:
            raise Err('tensor: wrapped deeper than 20 times')
        try:
            return s.tensor2(c, path)
        finally:
            s.tdepth -= 1

    def tensor2(s, c, path):
        f = c.f
        if not isinstance(f, Glob):
            return False
        a = c.args
        full = f.full
        if full in ('torch._utils._rebuild_tensor', 'torch._utils._rebuild_tensor_v2'):
            s.tuple_args(c, 4)
            meta = a[6] if len(a) > 6 else None
            s.res.add(path, *s.dense(a[0], a[1], a[2], a[3], meta=meta))
            s.hooks(a[5] if len(a) > 5 else None, path)
            return True
        if full == 'torch._utils._rebuild_tensor_v3':
            s.tuple_args(c, 7)
            s.res.add(path, *s.dense(a[0], a[1], a[2], a[3], s.dtype(a[6]), a[7] if len(a) > 7 else None))
            s.hooks(a[5], path)
            return True
        if full == 'torch._utils._rebuild_qtensor':
            s.tuple_args(c, 5)
            dt, sh, data = s.dense(a[0], a[1], a[2], a[3])
            q = a[4]
            if type(q) is not tuple or not q or not isinstance(q[0], Glob) or q[0].n not in ('per_tensor_affine', 'per_channel_affine', 'per_channel_affine_float_qparams'):
                raise Err('tensor: unknown quantizer')
            if q[0].n == 'per_tensor_affine':
                if len(q) != 3 or not isinstance(q[1], (int, float)) or not isint(q[2]):
                    raise Err('tensor: bad quantizer')
            else:
                if len(q) != 4 or not isint(q[3]) or not 0 <= q[3] < len(sh):
                    raise Err('tensor: quantizer axis out of range')
                for p in q[1:3]:
                    if type(p) is list:
                        ln = len(p)
                    elif isinstance(p, Call):
                        sub = Res('x')
                        Lister(sub, s.getraw, s.bo).obj(p, ['x'], 0)
                        if len(sub.tensors) != 1 or len(sub.tensors[0][2]) != 1:
                            raise Err('tensor: bad quantizer parameters')
                        ln = sub.tensors[0][2][0]
                    else:
                        raise Err('tensor: bad quantizer parameters')
                    if ln != sh[q[3]]:
                        raise Err('tensor: quantizer has %d entries for an axis of %d' % (ln, sh[q[3]]))
            s.res.add(path, dt, sh, data, quant=True)
            return True
        if full in ('torch._utils._rebuild_parameter', 'torch._utils._rebuild_parameter_with_state', 'torch.nn.parameter.Parameter'):
            if not a or not isinstance(a[0], Call):
                raise Err('tensor: Parameter without a tensor')
            if not s.tensor(a[0], path):
                raise Err('tensor: Parameter wraps something that is not a tensor')
            if full.endswith('with_state') and len(a) > 3:
                s.attrs(a[3], path)
            return True
        if full in ('torch._tensor._rebuild_from_type_v2', 'torch.tensor._rebuild_from_type_v2', 'torch._tensor._rebuild_from_type'):
            s.tuple_args(c, 4)
            if not isinstance(a[0], Glob) or type(a[2]) is not tuple:
                raise Err('tensor: bad _rebuild_from_type_v2')
            inner = Call(a[0], a[2])
            s.note(a[1])
            if not s.tensor(inner, path):
                s.note(a[0])
                s.opaque(inner, path)
            s.attrs(a[3], path)
            return True
        if full in ('torch._utils._rebuild_sparse_tensor', 'torch._utils._rebuild_sparse_csr_tensor'):
            lay = a[0].args[0] if len(a) == 2 and isinstance(a[0], Call) and a[0].args else None
            names = {'torch.sparse_coo': ['indices', 'values'], 'torch.sparse_csr': ['crow_indices', 'col_indices', 'values'], 'torch.sparse_csc': ['ccol_indices', 'row_indices', 'values'],
                     'torch.sparse_bsr': ['crow_indices', 'col_indices', 'values'], 'torch.sparse_bsc': ['ccol_indices', 'row_indices', 'values']}.get(lay)
            if names is None or type(a[1]) is not tuple or len(a[1]) < len(names) + 1:
                raise Err('tensor: bad sparse layout')
            sub = []
            for n, x in zip(names, a[1]):
                r = Res('x')
                if not isinstance(x, Call) or not Lister(r, s.getraw, s.bo).tensor(x, [n]):
                    raise Err('tensor: sparse part is not a tensor')
                sub.append((n,) + r.tensors[0][1:4])
            sz = a[1][len(names)]
            if isinstance(sz, Call) and sz.args:
                sz = sz.args[0]
            if type(sz) is not tuple or not all(isint(d) and 0 <= d < 2**63 for d in sz):
                raise Err('tensor: bad sparse size')
            if lay == 'torch.sparse_coo':
                ish, vsh = sub[0][2], sub[1][2]
                if len(ish) != 2 or not vsh or ish[1] != vsh[0] or ish[0] > len(sz) or sub[0][1] != 'int64':
                    raise Err('tensor: sparse indices and values disagree')
                iv = struct.unpack('<%dq' % (len(sub[0][3]) // 8), sub[0][3])
                for d in range(ish[0]):
                    if any(not 0 <= x < sz[d] for x in iv[d * ish[1]:(d + 1) * ish[1]]):
                        raise Err('tensor: sparse index out of range')
            else:
                n0 = sub[0][2][0] - 1 if sub[0][2] else -1
                rows = sz[0] if 'csr' in lay or 'bsr' in lay else sz[1]
                cols = sz[1] if 'csr' in lay or 'bsr' in lay else sz[0]
                if n0 != rows or sub[1][2] != sub[2][2][:1]:
                    raise Err('tensor: compressed sparse parts disagree')
                w = DT[sub[0][1]]
                cr = [int.from_bytes(sub[0][3][i:i + w], 'little', signed=True) for i in range(0, len(sub[0][3]), w)]
                ci = [int.from_bytes(sub[1][3][i:i + w], 'little', signed=True) for i in range(0, len(sub[1][3]), w)]
                if cr[:1] != [0] or cr[-1] != len(ci) or any(x > y for x, y in zip(cr, cr[1:])) or any(not 0 <= x < cols for x in ci):
                    raise Err('tensor: compressed sparse indices out of range')
            s.res.add(path, sub[-1][1], sz, None, kind=lay[6:], comp=sub)
            return True
        if full == 'torch._utils._rebuild_meta_tensor_no_storage':
            s.tuple_args(c, 3)
            geometry(0, a[1], a[2], 1, 2**200)
            s.res.add(path, s.dtype(a[0]), a[1], None, kind='meta')
            return True
        if full in ('torch._utils._rebuild_xla_tensor', 'torch._utils._rebuild_device_tensor_from_numpy'):
            if not a or not isinstance(a[0], Call) or not s.ndarray(a[0], path):
                raise Err('tensor: device tensor without an array')
            return True
        if full == 'torch._utils._rebuild_device_tensor_from_cpu_tensor':
            if not a or not isinstance(a[0], Call) or not s.tensor(a[0], path):
                raise Err('tensor: device tensor without a tensor')
            return True
        if full == 'torch._utils._rebuild_nested_tensor':
            s.tuple_args(c, 4)
            sub = []
            for n, x in zip(('values', 'sizes', 'strides', 'offsets'), a):
                r = Res('x')
                if not isinstance(x, Call) or not Lister(r, s.getraw, s.bo).tensor(x, [n]):
                    raise Err('tensor: nested part is not a tensor')
                sub.append((n,) + r.tensors[0][1:4])
            s.res.add(path, sub[0][1], None, None, kind='nested', comp=sub)
            return True
        if f.m == 'torch' and f.n.endswith('Tensor') and c.new and not a and type(c.state) is tuple and len(c.state) >= 4:
            s.res.add(path, *s.dense(*c.state[:4]))
            return True
        return False

    def hooks(s, h, path):
        if h is None or isinstance(h, PD) and not h.pairs:
            return
        s.res.warn.append('backward hooks present on %s' % (path,))
        s.obj(h, path + ['_backward_hooks'], 1)

    def attrs(s, st, path):
        parts = st if type(st) is tuple else (st,)
        for p in parts:
            if isinstance(p, PD):
                for k, v in p.pairs:
                    s.obj(v, path + [key(k)], s.depth0 + 1)

    def ndarray(s, c, path):
        f = c.f
        if not (isinstance(f, Glob) and f.full in ('numpy.core.multiarray._reconstruct', 'numpy._core.multiarray._reconstruct') and type(c.state) is tuple and len(c.state) == 5):
            return False
        _, shape, d, fort, data = c.state
        if type(shape) is not tuple or not isinstance(d, Call):
            raise Err('numpy: bad array state')
        nm, es, order = npdtype(d)
        if nm == 'object':
            s.res.ent(path, 'array', None, dtype='object')
            s.res.warn.append('numpy object array not opened')
            return True
        if type(data) is str:
            try:
                data = data.encode('latin-1')
            except UnicodeEncodeError:
                raise Err('numpy: bad array bytes')
        if not isinstance(data, (bytes, bytearray)):
            raise Err('numpy: array without bytes')
        n = 1
        for x in shape:
            if not isint(x) or x < 0:
                raise Err('numpy: bad shape')
            n *= x
        if len(shape) > MAX_DIMS or n * es != len(data):
            raise Err('numpy: shape needs %d bytes, has %d' % (n * es, len(data)))
        data = npfix(bytes(data), shape, fort is True, es, order, nm)
        s.res.add(path, nm, shape, data, kind='numpy')
        return True

    def note(s, g):
        if isinstance(g, Glob):
            s.globs.add((g.m, g.n))
        elif isinstance(g, Call):
            s.note(g.f)

    def opaque(s, c, path):
        g = c.f
        while isinstance(g, Call):
            g = g.f
        s.note(g)
        s.res.ent(path, 'object', None, cls=g.full)

    def obj(s, o, path, depth):
        if depth > MAX_DEPTH:
            raise Err('listing: nested deeper than %d' % MAX_DEPTH)
        if isinstance(o, (PD, list, tuple, Call, PSet)):
            if id(o) in s.active:
                s.res.warn.append('object contains itself at %s' % (path[-3:],))
                return
            s.active.add(id(o))
            s.seen.append(o)
            try:
                s.obj2(o, path, depth)
            finally:
                s.active.discard(id(o))
        else:
            s.obj2(o, path, depth)

    def obj2(s, o, path, depth):
        r = s.res
        if o is None:
            r.ent(path, 'none')
        elif o is True or o is False:
            r.ent(path, 'bool', o)
        elif isint(o):
            r.ent(path, 'int', o)
        elif isinstance(o, float):
            r.ent(path, 'float', o)
        elif isinstance(o, str):
            r.ent(path, 'str', o)
        elif isinstance(o, (bytes, bytearray)):
            r.ent(path, type(o).__name__, bytes(o).hex())
        elif isinstance(o, PD):
            if not o.pairs:
                r.ent(path, 'dict')
            seen = set()
            for k, v in o.pairs:
                kk = key(k)
                if type(k) in (list, PD, PSet):
                    raise Err('pickle: unhashable dict key')
                if isinstance(k, Call):
                    s.note(k.f)
                hk = kk if isinstance(kk, (str, int)) else json.dumps(kk)
                if (type(k), hk) in seen:
                    r.warn.append('key %r occurs twice' % (kk,))
                seen.add((type(k), hk))
                s.obj(v, path + [kk], depth + 1)
        elif isinstance(o, (list, tuple)):
            if not o:
                r.ent(path, type(o).__name__)
            for i, x in enumerate(o):
                s.obj(x, path + [i], depth + 1)
        elif isinstance(o, PSet):
            r.ent(path, 'set')
            for x in o.items:
                if isinstance(x, Call):
                    s.note(x.f)
        elif isinstance(o, Stor):
            raw = s.getraw(o)
            n = o.numel
            if n * o.es > len(raw):
                raise Err('storage shorter than declared')
            b = raw[:n * o.es]
            r.add(path, o.dt, (n,), swapped(b, SWAP.get(o.dt, o.es)) if s.bo == 'big' and o.es > 1 else b, kind='storage')
        elif isinstance(o, Glob):
            if o.m == 'torch' and o.n in DT:
                r.ent(path, 'torch.dtype', o.n)
            else:
                s.note(o)
                r.ent(path, 'global', o.full)
        elif isinstance(o, Call):
            s.call(o, path, depth)
        else:
            r.ent(path, 'other')

    def call(s, o, path, depth):
        r = s.res
        f = o.f
        if s.tensor(o, path) or s.ndarray(o, path):
            return
        for x in o.args:
            if isinstance(x, (Call, Glob)):
                s.note(x)
        full = f.full if isinstance(f, Glob) else ''
        a = o.args
        if full == 'torch.Size' and a and type(a[0]) is tuple:
            return r.ent(path, 'torch.Size', list(a[0]))
        if full == 'torch.serialization._get_layout' and len(a) == 1 and isinstance(a[0], str):
            return r.ent(path, 'torch.layout', a[0])
        if full == 'builtins.getattr' and enum_member(o):
            s.note(a[0])
            return r.ent(path, 'object', None, cls=a[0].full)
        if full == 'torch._utils._rebuild_wrapper_subclass' and a and isinstance(a[0], Glob):
            s.note(a[0])
            return r.ent(path, 'object', None, cls=a[0].full)
        if full == 'torch.device':
            return r.ent(path, 'torch.device', ':'.join(str(x) for x in a))
        if full == 'builtins.complex':
            return r.ent(path, 'complex', list(a))
        if full in ('builtins.bytearray', '__builtin__.bytearray') and (not a or isinstance(a[0], (bytes, str))):
            return r.ent(path, 'bytearray', (a[0] if isinstance(a[0], bytes) else a[0].encode('latin-1')).hex() if a else '')
        if full in ('builtins.set', '__builtin__.set', 'builtins.frozenset', '__builtin__.frozenset'):
            for x in (a[0] if a and isinstance(a[0], (list, tuple)) else ()):
                if isinstance(x, (Call, Glob)):
                    s.note(x)
            return r.ent(path, full.split('.')[1])
        if full in ('numpy.core.multiarray.scalar', 'numpy._core.multiarray.scalar') and len(a) == 2 and isinstance(a[0], Call):
            nm, es, order = npdtype(a[0])
            return r.ent(path, 'numpy.' + nm, None)
        if full in ('collections.Counter', 'collections.defaultdict', 'collections.OrderedDict'):
            if a and isinstance(a[0], PD):
                o.pairs = a[0].pairs + o.pairs
            elif a and type(a[0]) is list and full.endswith('OrderedDict'):
                o.pairs = [tuple(x) for x in a[0] if isinstance(x, (list, tuple)) and len(x) == 2] + o.pairs
            for k, v in o.pairs:
                s.obj(v, path + [key(k)], depth + 1)
            if not o.pairs:
                r.ent(path, 'dict')
            return
        if full == 'torch.storage._load_from_bytes' and len(a) == 1 and isinstance(a[0], (bytes, bytearray)):
            if s.depth0 > 2:
                raise Err('nested checkpoint files go too deep')
            sub = Res('x')
            read_torch_bytes(bytes(a[0]), sub, s.depth0 + 1)
            for p, dt, sh, data, kw in sub.tensors:
                r.add(path + list(p), dt, sh, data, **kw)
            for p, t, v, kw in sub.entries:
                r.ent(path + list(p), t, v, **kw)
            r.warn += sub.warn
            return
        s.opaque(o, path)
        if isinstance(o.f, Call):
            s.obj(o.f, path + ['<callable>'], depth + 1)
        stt = o.state
        if isinstance(stt, PD):
            d = {k: v for k, v in stt.pairs if type(k) is str}
            mods = d.get('_modules')
            if isinstance(mods, (PD, Call)) and isinstance(d.get('_parameters'), (PD, Call)):
                for grp in ('_parameters', '_buffers', '_modules'):
                    for k, v in getattr(d.get(grp), 'pairs', []):
                        if v is not None:
                            s.obj(v, path + [key(k)], depth + 1)
                return
            for k, v in stt.pairs:
                s.obj(v, path + [key(k)], depth + 1)
        elif type(stt) is tuple:
            for i, x in enumerate(stt):
                if isinstance(x, PD):
                    for k, v in x.pairs:
                        s.obj(v, path + [key(k)], depth + 1)
                elif isinstance(x, (Call, list, tuple)):
                    s.obj(x, path + [i], depth + 1)
        elif isinstance(stt, (Call, list)):
            s.obj(stt, path + ['<state>'], depth + 1)
        for i, x in enumerate(o.items):
            s.obj(x, path + [i], depth + 1)
        for k, v in o.pairs:
            s.obj(v, path + [key(k)], depth + 1)
        for i, x in enumerate(o.args):
            if isinstance(x, (Call, list, tuple, PD)):
                s.obj(x, path + ['<arg%d>' % i], depth + 1)
        if isinstance(o.kw, PD):
            s.obj(o.kw, path + ['<kwargs>'], depth + 1)


def enum_member(c):
    """Python 3.11 pickles an enum member as getattr(Class, 'NAME')."""
    a = c.args
    return len(a) == 2 and isinstance(a[0], Glob) and isinstance(a[1], str) and a[1].isidentifier() and not a[1].startswith('_') and not danger(a[0].m, a[0].n) and a[0].m.split('.')[0] not in ('torch', 'numpy')


def scan_globals(root, seen_globs):
    """Every global reachable in the object graph, iteratively."""
    stack, seen = [root], set()
    while stack:
        o = stack.pop()
        if isinstance(o, Glob):
            seen_globs.add((o.m, o.n))
            continue
        if isinstance(o, (list, tuple, PD, PSet, Call)):
            if id(o) in seen:
                continue
            seen.add(id(o))
            if isinstance(o, (list, tuple)):
                stack.extend(o)
            elif isinstance(o, PD):
                for p in o.pairs:
                    stack.extend(p)
            elif isinstance(o, PSet):
                stack.extend(o.items)
            else:
                if not (isinstance(o.f, Glob) and o.f.full == 'builtins.getattr' and enum_member(o)):
                    stack.append(o.f)
                stack.extend(o.args)
                stack.extend([o.kw, o.state])
                stack.extend(o.items)
                for p in o.pairs:
                    stack.extend(p)


def danger(m, n):
    if m.split('.')[0] in ('builtins', '__builtin__'):
        return n not in OK_BUILTINS
    if m in ('copyreg', 'copy_reg'):
        return n not in OK_COPYREG
    if '.' in n and m not in ('my_project.model',):
        return True
    if m.startswith('torch.') or m == 'torch':
        return n in ('load', '_import_dotted_name', 'run', 'execWrapper', 'run_cprofile', 'system', 'load_module', 'get') or m.split('.')[1:2] in (['hub'], ['_inductor'], ['_dynamo'], ['fx'], ['jit'], ['multiprocessing'], ['distributed_rpc'], ['package']) or '.bottleneck' in m or 'collect_env' in m
    if m.startswith('numpy') and (n in ('load', 'runstring', 'getlincoef') or 'testing' in m or 'f2py' in m or 'distutils' in m):
        return True
    if m + '.' + n in ('uuid.UUID', 'types.SimpleNamespace', 'functools.partial') and m != 'functools':
        return False
    return m.split('.')[0] in BAD_TOP or m != m.strip() or not m.isascii()


def key(k):
    if type(k) is str or isint(k):
        return k
    if isinstance(k, Call):
        return '<object %s>' % (k.f.full if isinstance(k.f, Glob) else '?')
    if isinstance(k, (float, bool, bytes, tuple, type(None))):
        try:
            return {'repr': repr(k)[:200]} if not isinstance(k, tuple) or len(k) < 20 else '<tuple>'
        except RecursionError:
            return '<tuple>'
    return '<key>'


def neg(b):
    if len(b) == 4:
        return struct.pack('<f', -struct.unpack('<f', b)[0])
    if len(b) == 8:
        return struct.pack('<d', -struct.unpack('<d', b)[0])
    return b[:-1] + bytes([b[-1] ^ 0x80])


NPK = {'f2': 'float16', 'f4': 'float32', 'f8': 'float64', 'i1': 'int8', 'i2': 'int16', 'i4': 'int32', 'i8': 'int64', 'u1': 'uint8', 'u2': 'uint16', 'u4': 'uint32', 'u8': 'uint64', 'b1': 'bool', 'c8': 'complex64', 'c16': 'complex128'}


def npdescr(t):
    """'<f4' -> (name, itemsize, order)."""
    if not isinstance(t, str) or not t:
        raise Err('numpy: bad dtype')
    o, b = (t[0], t[1:]) if t[0] in '<>=|' else ('=', t)
    if b in NPK:
        return NPK[b], int(b[1:]), o
    if b == 'O' or b == 'O8' or b == 'O4':
        return 'object', 8, o
    if b[:1] in ('U', 'S', 'V', 'M', 'm') and len(b) < 12:
        num = b[1:].split('[')[0]
        n = int(num) if num.isdigit() else 0
        return {'U': 'str', 'S': 'bytes', 'V': 'void', 'M': 'datetime', 'm': 'timedelta'}[b[0]], n * (4 if b[0] == 'U' else 1), o
    raise Err('numpy: unknown dtype %r' % t[:40])


def npdtype(c):
    if not (isinstance(c.f, Glob) and c.f.full == 'numpy.dtype' and c.args):
        raise Err('numpy: dtype is not a dtype')
    t = c.args[0]
    if isinstance(t, bytes):
        t = t.decode('latin-1')
    nm, es, o = npdescr(t)
    if type(c.state) is tuple and len(c.state) > 1 and c.state[1] in ('<', '>', '=', '|', b'<', b'>', b'=', b'|'):
        o = c.state[1] if isinstance(c.state[1], str) else c.state[1].decode()
    if type(c.state) is tuple and len(c.state) > 6 and nm in ('str', 'bytes', 'void') and isint(c.state[5]):
        es = c.state[5]
    return nm, es, o


def npfix(data, shape, fort, es, order, nm):
    if fort and len(shape) > 1:
        st, k = [], 1
        for d in shape:
            st.append(k)
            k *= d
        data = resolve(data, 0, tuple(shape), tuple(st), es)
        if data is None:
            raise Err('numpy: array too large for this checker')
    if order == '>' and es > 1 and nm not in ('bytes', 'void'):
        data = swapped(data, 4 if nm == 'str' else {'complex64': 4, 'complex128': 8}.get(nm, es))
    return data


# ---------------------------------------------------------------- zip

class ZipR:
    def __init__(s, d):
        s.d, s.warn = d, []
        n = len(d)
        lo = max(0, n - 65557)
        e = d.rfind(b'PK\5\6', lo)
        if e < 0 or e + 22 > n:
            raise Err('zip: end of central directory not found (file truncated?)')
        dk, dcd, n1, n2, sz, off, cl = struct.unpack('<HHHHIIH', d[e + 4:e + 22])
        if e + 22 + cl != n:
            raise Err('zip: archive comment does not end at the end of the file')
        end = e
        if d[max(0, e - 20):e][:4] == b'PK\6\7':
            zo = struct.unpack('<Q', d[e - 12:e - 4])[0]
            if zo + 56 > e - 20 or d[zo:zo + 4] != b'PK\6\6':
                raise Err('zip: zip64 end of central directory is not where it is said to be')
            zs, _, _, zd, zdc, zn1, zn2, zsz, zoff = struct.unpack('<QHHIIQQQQ', d[zo + 4:zo + 56])
            for a, b, m in ((n2, zn2, 0xffff), (sz, zsz, 0xffffffff), (off, zoff, 0xffffffff)):
                if a != m and a != b:
                    raise Err('zip: zip64 and plain end records disagree')
            n1, n2, sz, off, end, dk, dcd = zn1, zn2, zsz, zoff, zo, zd, zdc
        elif 0xffff == n2 or 0xffffffff in (sz, off):
            raise Err('zip: zip64 record missing')
        if dk or dcd or n1 != n2:
            raise Err('zip: archive is split over several disks')
        if off + sz > end or off + sz < off:
            raise Err('zip: central directory lies outside the file')
        if off + sz != end:
            raise Err('zip: bytes between central directory and its end record')
        if n2 > MAX_ZIP_ENTRIES or n2 * 46 > sz:
            raise Err('zip: central directory too small for %d entries' % n2)
        s.ent, p, folded = {}, off, set()
        spans = []
        for _ in range(n2):
            if p + 46 > off + sz or d[p:p + 4] != b'PK\1\2':
                raise Err('zip: bad central directory entry')
            mver, ver, fl, me, _, _, crc, cs, us, nl, xl, cml, ds, _, _, lo_ = struct.unpack('<HHHHHHIIIHHHHHII', d[p + 4:p + 46])
            if p + 46 + nl + xl + cml > off + sz:
                raise Err('zip: central directory entry runs past the directory')
            nm = d[p + 46:p + 46 + nl]
            ex = d[p + 46 + nl:p + 46 + nl + xl]
            p += 46 + nl + xl + cml
            q = 0
            while q < len(ex):
                if q + 4 > len(ex) or q + 4 + struct.unpack('<H', ex[q + 2:q + 4])[0] > len(ex):
                    raise Err('zip: bad extra field')
                q += 4 + struct.unpack('<H', ex[q + 2:q + 4])[0]
            if 0xffffffff in (cs, us, lo_):
                q = 0
                got = False
                while q + 4 <= len(ex):
                    t, ln = struct.unpack('<HH', ex[q:q + 4])
                    if q + 4 + ln > len(ex):
                        raise Err('zip: bad extra field')
                    if t == 1 and not got:
                        v = [struct.unpack('<Q', ex[q + 4 + i:q + 12 + i])[0] for i in range(0, ln - 7, 8)]
                        got = True
                        for nme in ('us', 'cs', 'lo'):
                            cur = {'us': us, 'cs': cs, 'lo': lo_}[nme]
                            if cur == 0xffffffff:
                                if not v:
                                    raise Err('zip: zip64 extra field too short')
                                x = v.pop(0)
                                if nme == 'us':
                                    us = x
                                elif nme == 'cs':
                                    cs = x
                                else:
                                    lo_ = x
                    q += 4 + ln
                if not got:
                    raise Err('zip: zip64 extra field missing')
            try:
                name = nm.decode('utf-8' if fl & 0x800 or True else 'cp437')
            except UnicodeDecodeError:
                raise Err('zip: entry name is not UTF-8')
            if fl & 0x2061:
                raise Err('zip: entry %r is encrypted or patched' % name[:80])
            if me not in (0, 8):
                raise Err('zip: entry %r uses compression method %d' % (name[:80], me))
            if ds:
                raise Err('zip: entry on another disk')
            if '\0' in name or '\\' in name or name.startswith('/') or '..' in name.split('/') or (len(name) > 1 and name[1] == ':') or '.' in name.split('/')[:1]:
                raise Err('zip: unsafe entry name %r' % name[:80])
            if name in s.ent or name.lower() in folded:
                raise Err('zip: entry %r occurs twice' % name[:80])
            folded.add(name.lower())
            if lo_ + 30 > off or d[lo_:lo_ + 4] != b'PK\3\4':
                raise Err('zip: local header of %r is not where it is said to be' % name[:80])
            lfl, lme, lcrc, lcs, lus, lnl, lxl = struct.unpack('<HHxxxxIIIHH', d[lo_ + 6:lo_ + 30])
            if d[lo_ + 30:lo_ + 30 + lnl] != nm:
                raise Err('zip: local and central names of %r differ' % name[:80])
            if lme != me or (lfl ^ fl) & 1:
                raise Err('zip: local and central headers of %r differ' % name[:80])
            a = lo_ + 30 + lnl + lxl
            if a + cs > off:
                raise Err('zip: data of %r lies outside the file' % name[:80])
            if not lfl & 8 and (lcs not in (cs, 0xffffffff) or lus not in (us, 0xffffffff) or lcrc != crc):
                raise Err('zip: local and central sizes of %r differ' % name[:80])
            if me == 0 and cs != us:
                raise Err('zip: stored entry %r has two sizes' % name[:80])
            spans.append((lo_, a + cs, name))
            s.ent[name] = (me, a, cs, us, crc)
        if p != off + sz:
            raise Err('zip: central directory holds more than it says')
        spans.sort()
        for x, y in zip(spans, spans[1:]):
            if x[1] > y[0]:
                raise Err('zip: entries %r and %r overlap' % (x[2][:40], y[2][:40]))
        if spans and spans[0][0] != 0:
            raise Err('zip: bytes before the first entry')

    def read(s, name, cap=MAX_ENTRY):
        me, a, cs, us, crc = s.ent[name]
        if us > cap:
            raise Err('zip: entry %r would need %d bytes' % (name[:80], us))
        raw = s.d[a:a + cs]
        if me == 8:
            o = zlib.decompressobj(-15)
            try:
                raw = o.decompress(raw, us + 1)
            except zlib.error:
                raise Err('zip: entry %r is not valid deflate data' % name[:80])
            if len(raw) != us or not o.eof or o.unused_data:
                raise Err('zip: entry %r inflates to another size than declared' % name[:80])
        if zlib.crc32(raw) & 0xffffffff != crc:
            raise Err('zip: checksum of %r does not match' % name[:80])
        return raw


def check_key(k):
    if not isinstance(k, (str, int)) or isinstance(k, bool):
        raise Err('storage: key is not text')
    k = str(k)
    if not k or len(k) > 64 or not all(c.isalnum() or c in '_-.' for c in k) or k.startswith('.'):
        raise Err('storage: odd key %r' % k[:40])
    return k


def storage_pid(pid, n):
    if type(pid) is not tuple or len(pid) != n:
        raise Err('storage: persistent id is not a %d-tuple' % n)
    t = pid[0].decode('latin-1') if isinstance(pid[0], bytes) else pid[0]
    if t != 'storage':
        raise Err('storage: persistent id of kind %r' % (t,))
    g = pid[1]
    if not isinstance(g, Glob) or not (g.m == 'torch' or g.m.startswith('torch.') and g.m.count('.') <= 1) or g.n not in STOR:
        raise Err('storage: unknown storage class')
    if not isint(pid[4]) or pid[4] < 0 or pid[4] * DT[STOR[g.n]] >= 2**63:
        raise Err('storage: element count %r' % (pid[4],))
    loc = pid[3]
    if not isinstance(loc, (str, bytes)):
        raise Err('storage: location is not text')
    return STOR[g.n], check_key(pid[2]), loc, pid[4], g


def finish(res, vm, root, globs):
    res.warn += vm.warn
    scan_globals(root, globs)
    for g in vm.named:
        if g.full != 'builtins.getattr':
            globs.add((g.m, g.n))
    for m, n in sorted(globs):
        if danger(m, n):
            res.warn.append('DANGEROUS: the file names %s.%s' % (m[:60], n[:60]))


def read_torch_zip(d, res):
    z = ZipR(d)
    roots = {n.split('/')[0] for n in z.ent if n.endswith('/data.pkl') and n.count('/') == 1}
    flat = 'data.pkl' in z.ent
    if len(roots) + flat > 1:
        raise Err('torch: several data.pkl records')
    if not roots and not flat:
        if any(n.endswith('.npy') for n in z.ent):
            return read_npz(z, res)
        if any(n.endswith('model.json') for n in z.ent):
            raise Err('torch: TorchScript archive of torch 1.0-1.2 is not supported')
        raise Err('torch: no data.pkl record')
    pre = '' if flat else roots.pop() + '/'
    for n in z.ent:
        if not n.startswith(pre):
            res.warn.append('record %r lies outside the root folder' % n[:60])
        elif pre + n[len(pre):].split('/')[0] == pre + 'data.pkl' and n != pre + 'data.pkl':
            res.warn.append('odd record %r' % n[:60])
    bo = 'little'
    if pre + 'byteorder' in z.ent:
        bo = z.read(pre + 'byteorder', 64).decode('latin-1').strip()
        if bo not in ('little', 'big'):
            raise Err('torch: byteorder %r' % bo[:20])
    if pre + 'version' in z.ent:
        v = z.read(pre + 'version', 64).strip()
        if not v.isdigit() or not 1 <= int(v) <= 10:
            raise Err('torch: version record %r' % v[:20])
    ts = pre + 'constants.pkl' in z.ent
    res.fmt = 'torchscript' if ts else 'torch-zip'
    for arch, folder in (('data', 'data'),) + ((('constants', 'constants'),) if ts else ()):
        known = {}

        def persid(pid):
            dt, k, loc, n, g = storage_pid(pid, 5)
            if known.setdefault(k, (dt, n)) != (dt, n):
                raise Err('storage: key %s declared twice with different types or sizes' % k)
            return Stor(dt, k, loc, n)

        cache = {}

        def getraw(st):
            if st.key not in cache:
                nm = pre + folder + '/' + st.key
                if nm not in z.ent:
                    raise Err('torch: record %s is missing' % nm[:80])
                if z.ent[nm][3] < st.numel * st.es:
                    raise Err('torch: record %s is shorter than declared' % nm[:80])
                if z.ent[nm][3] > st.numel * st.es:
                    res.warn.append('record %s is longer than declared' % nm[:80])
                cache[st.key] = z.read(nm)[:st.numel * st.es]
            return cache[st.key]

        data = z.read(pre + arch + '.pkl', MAX_PKL)
        vm = VM(data, 0, persid)
        root = vm.run()
        if vm.p != len(data):
            raise Err('pickle: %d bytes after STOP' % (len(data) - vm.p))
        ls = Lister(res, getraw, bo)
        ls.obj(root, [] if arch == 'data' else ['constants'], 0)
        globs = set()
        finish(res, vm, root, {g for g in globs if not g[0].startswith('__torch__')})
    if not ts:
        used = {pre + 'data/' + k for k in known}
        extra = [n for n in z.ent if n.startswith(pre + 'data/') and n not in used and not n.endswith('/')]
        if extra:
            res.warn.append('%d storage records are never used' % len(extra))


def parse_legacy(d, res, depth=0):
    vm = VM(d, 0)
    if vm.run() != 0x1950a86a20f9469cfc6c:
        raise Err('torch legacy: magic number is wrong')
    if vm.run() != 1001:
        raise Err('torch legacy: protocol version is not 1001')
    info = vm.run()
    if not isinstance(info, PD):
        raise Err('torch legacy: sys_info is not a dict')
    for k, v in info.pairs:
        if k in ('little_endian', b'little_endian') and v is not True:
            res.warn.append('sys_info says big-endian')
    extra = set()
    scan_globals(info, extra)
    known = {}

    def persid(pid):
        if type(pid) is tuple and pid and pid[0] in ('module', b'module'):
            if len(pid) != 4 or not isinstance(pid[1], Glob):
                raise Err('torch legacy: bad module id')
            return pid[1]
        if type(pid) is not tuple or len(pid) != 6:
            raise Err('storage: persistent id is not a 6-tuple')
        dt, k, loc, n, g = storage_pid(pid[:5], 5)
        if known.setdefault(k, (dt, n)) != (dt, n):
            raise Err('storage: key %s declared twice with different types or sizes' % k)
        view = pid[5]
        if view is not None:
            if type(view) is not tuple or len(view) != 3 or not isint(view[1]) or not isint(view[2]) or view[1] < 0 or view[2] < 0 or view[1] + view[2] > n:
                raise Err('storage: bad view metadata')
        return Stor(dt, k, loc, n, view)

    vm.persid = persid
    root = vm.run()
    vm.persid = None
    keys = vm.run()
    if type(keys) is not list or not all(isinstance(k, (str, int)) for k in keys):
        raise Err('torch legacy: storage key list is not a list of text')
    keys = [str(k) for k in keys]
    if len(set(keys)) != len(keys) or set(keys) != set(known):
        raise Err('torch legacy: storage key list does not match the object')
    p, where = vm.p, {}
    for k in keys:
        if p + 8 > len(d):
            raise Err('torch legacy: file ends before storage %s' % k)
        n = struct.unpack('<q', d[p:p + 8])[0]
        dt, want = known[k]
        if n != want:
            raise Err('torch legacy: storage %s says %d elements, object says %d' % (k, n, want))
        if n * DT[dt] > len(d) - p - 8:
            raise Err('torch legacy: file ends inside storage %s' % k)
        where[k] = (p + 8, n * DT[dt])
        p += 8 + n * DT[dt]
    if p != len(d):
        res.warn.append('%d bytes after the last storage' % (len(d) - p))
    return vm, root, lambda st: d[where[st.key][0]:where[st.key][0] + where[st.key][1]], extra


def read_legacy(d, res, depth=0):
    vm, root, getraw, extra = parse_legacy(d, res, depth)
    ls = Lister(res, getraw, 'little', depth)
    ls.obj(root, [], 0)
    finish(res, vm, root, extra)
    res.fmt = 'torch-legacy'


def read_tar(d, res):
    mem, p = {}, 0
    while p + 512 <= len(d):
        h = d[p:p + 512]
        if h == b'\0' * 512:
            break
        try:
            cks = int(h[148:156].split(b'\0')[0].strip() or b'0', 8)
            size = int(h[124:136].split(b'\0')[0].strip() or b'0', 8)
        except ValueError:
            raise Err('tar: bad header')
        if cks != sum(h) - sum(h[148:156]) + 256:
            raise Err('tar: header checksum is wrong')
        if size < 0 or p + 512 + size > len(d):
            raise Err('tar: member runs past the end of the file')
        nm = h[:100].split(b'\0')[0].decode('latin-1')
        if h[156:157] not in (b'0', b'\0'):
            raise Err('tar: member %r is not an ordinary file' % nm[:40])
        if nm in mem:
            raise Err('tar: member %r occurs twice' % nm[:40])
        mem[nm] = d[p + 512:p + 512 + size]
        p += 512 + (size + 511) // 512 * 512
    for k in ('storages', 'tensors', 'pickle'):
        if k not in mem:
            raise Err('torch tar: member %s is missing' % k)
    for k in mem:
        if k not in ('storages', 'tensors', 'pickle', 'sys_info'):
            raise Err('torch tar: unexpected member %r' % k[:40])
    sd = mem['storages']
    vm = VM(sd)
    n = vm.run()
    if not isint(n) or n < 0 or n > len(sd):
        raise Err('torch tar: storage count')
    st = {}
    for _ in range(n):
        a = vm.run()
        if type(a) is not tuple or len(a) != 3 or not isint(a[0]) or not isinstance(a[2], Glob) or a[2].n not in STOR:
            raise Err('torch tar: bad storage header')
        dt = STOR[a[2].n]
        cnt = struct.unpack('<q', vm.take(8))[0]
        if cnt < 0 or cnt * DT[dt] > len(sd) - vm.p:
            raise Err('torch tar: file ends inside a storage')
        st[a[0]] = (dt, vm.take(cnt * DT[dt]))
    views = vm.run()
    if type(views) is not list:
        raise Err('torch tar: storage views are not a list')
    for v in views:
        if type(v) is not tuple or len(v) != 4 or not all(isint(x) for x in v) or v[1] not in st:
            raise Err('torch tar: bad storage view')
        dt, raw = st[v[1]]
        es = DT[dt]
        if v[2] < 0 or v[3] < 0 or (v[2] + v[3]) * es > len(raw):
            raise Err('torch tar: storage view out of range')
        st[v[0]] = (dt, raw[v[2] * es:(v[2] + v[3]) * es])
    td = mem['tensors']
    tv = VM(td)
    n = tv.run()
    if not isint(n) or n < 0 or n > len(td):
        raise Err('torch tar: tensor count')
    obj = {}
    for _ in range(n):
        a = tv.run()
        if type(a) is not tuple or len(a) != 3 or not isint(a[0]) or not isint(a[1]) or a[1] not in st:
            raise Err('torch tar: bad tensor header')
        nd = struct.unpack('<i', tv.take(4))[0]
        if not 0 <= nd <= MAX_DIMS:
            raise Err('torch tar: %d dimensions' % nd)
        tv.take(4)
        size = struct.unpack('<%dq' % nd, tv.take(8 * nd))
        stride = struct.unpack('<%dq' % nd, tv.take(8 * nd))
        off = struct.unpack('<q', tv.take(8))[0]
        dt, raw = st[a[1]]
        geometry(off, size, stride, DT[dt], len(raw))
        obj[a[0]] = (dt, size, resolve(raw, off, size, stride, DT[dt]))

    class TT:
        def __init__(s, k):
            s.k = k

    def persid(pid):
        if isinstance(pid, str) and pid.isdigit():
            pid = int(pid)
        if not isint(pid) or pid not in obj and pid not in st:
            raise Err('torch tar: object %r does not exist' % (pid,))
        return ('\0tar', pid)

    pv = VM(mem['pickle'], 0, persid)
    root = pv.run()
    if not isinstance(root, PD):
        raise Err('torch tar: root is not a dict')
    for k, v in root.pairs:
        if type(v) is tuple and len(v) == 2 and v[0] == '\0tar' and v[1] in obj:
            dt, size, data = obj[v[1]]
            res.add([key(k)], dt, size, data)
        else:
            Lister(res, None).obj(v, [key(k)], 0)
    gl = set()
    for x in (views, root):
        scan_globals(x, gl)
    finish(res, pv, root, gl)
    res.fmt = 'torch-tar'


def read_pickle(d, res):
    def no(pid):
        raise Err('pickle: persistent id outside a torch container')
    vm = VM(d, 0, no)
    root = vm.run()
    if vm.p != len(d):
        raise Err('pickle: %d bytes after STOP' % (len(d) - vm.p))
    Lister(res, None).obj(root, [], 0)
    finish(res, vm, root, set())
    res.fmt = 'pickle'


def read_torch_bytes(d, res, depth=0):
    if d[:4] == b'PK\3\4':
        return read_torch_zip(d, res)
    return read_legacy(d, res, depth)


# ---------------------------------------------------------------- safetensors

ST_BITS = dict(BOOL=8, U8=8, I8=8, F8_E5M2=8, F8_E4M3=8, F8_E8M0=8, F8_E4M3FNUZ=8, F8_E5M2FNUZ=8, I16=16, U16=16,
               F16=16, BF16=16, I32=32, U32=32, F32=32, C64=64, F64=64, I64=64, U64=64, F4=4, F6_E2M3=6, F6_E3M2=6)
ST_NAME = dict(BOOL='bool', U8='uint8', I8='int8', F8_E5M2='float8_e5m2', F8_E4M3='float8_e4m3fn',
               F8_E8M0='float8_e8m0fnu', F8_E4M3FNUZ='float8_e4m3fnuz', F8_E5M2FNUZ='float8_e5m2fnuz', I16='int16',
               U16='uint16', F16='float16', BF16='bfloat16', I32='int32', U32='uint32', F32='float32', C64='complex64',
               F64='float64', I64='int64', U64='uint64', F4='float4_e2m1', F6_E2M3='float6_e2m3', F6_E3M2='float6_e3m2')


def load_json(b, what, cap_depth=64):
    try:
        t = b.decode('utf-8')
    except UnicodeDecodeError:
        raise Err(what + ': JSON is not UTF-8')
    dep = 0
    instr = esc = False
    for ch in t:
        if instr:
            if esc:
                esc = False
            elif ch == '\\':
                esc = True
            elif ch == '"':
                instr = False
        elif ch == '"':
            instr = True
        elif ch in '[{':
            dep += 1
            if dep > cap_depth:
                raise Err(what + ': JSON nested too deep')
        elif ch in ']}':
            dep -= 1

    def pairs(ps):
        d = {}
        for k, v in ps:
            if k in d:
                raise Err(what + ': key %r occurs twice' % k[:60])
            d[k] = v
        return d

    def noconst(x):
        raise Err(what + ': %s is not JSON' % x)

    def toint(x):
        if len(x) > 20:
            raise Err(what + ': number too long')
        return int(x)
    try:
        return json.loads(t, object_pairs_hook=pairs, parse_constant=noconst, parse_int=toint)
    except ValueError as e:
        raise Err(what + ': bad JSON (%s)' % str(e)[:60])


def read_safetensors(d, res):
    if len(d) < 8:
        raise Err('safetensors: shorter than 8 bytes')
    n = struct.unpack('<Q', d[:8])[0]
    if n > MAX_HEADER or n > len(d) - 8:
        raise Err('safetensors: header of %d bytes does not fit the file' % n)
    if d[8:9] != b'{':
        raise Err('safetensors: header does not begin with {')
    h = load_json(d[8:8 + n], 'safetensors')
    if not isinstance(h, dict):
        raise Err('safetensors: header is not an object')
    size = len(d) - 8 - n
    spans = []
    for k, v in h.items():
        if k == '__metadata__':
            if not isinstance(v, dict) or not all(isinstance(x, str) for x in v.values()):
                raise Err('safetensors: __metadata__ must map text to text')
            for a, b in v.items():
                res.ent(['__metadata__', a], 'str', b)
            continue
        if not isinstance(v, dict) or set(v) != {'dtype', 'shape', 'data_offsets'}:
            raise Err('safetensors: tensor %r has the wrong fields' % k[:60])
        dt, sh, of = v['dtype'], v['shape'], v['data_offsets']
        if not isinstance(dt, str) or dt not in ST_BITS:
            raise Err('safetensors: tensor %r has unknown dtype %r' % (k[:60], str(dt)[:20]))
        if not isinstance(sh, list) or len(sh) > MAX_DIMS or not all(isint(x) and 0 <= x < 2**63 for x in sh):
            raise Err('safetensors: tensor %r has a bad shape' % k[:60])
        if not isinstance(of, list) or len(of) != 2 or not all(isint(x) and x >= 0 for x in of) or of[0] > of[1] or of[1] > size:
            raise Err('safetensors: tensor %r has bad offsets' % k[:60])
        bits = ST_BITS[dt]
        for x in sh:
            bits *= x
            if bits >= 2**66:
                raise Err('safetensors: tensor %r overflows' % k[:60])
        if bits % 8 or bits // 8 != of[1] - of[0]:
            raise Err('safetensors: tensor %r needs %d bits, has %d bytes' % (k[:60], bits, of[1] - of[0]))
        spans.append((of[0], of[1], k))
        res.add([k], ST_NAME[dt], sh, d[8 + n + of[0]:8 + n + of[1]])
    spans.sort()
    at = 0
    for a, b, k in spans:
        if a != at:
            raise Err('safetensors: data of %r overlaps or leaves a hole' % k[:60])
        at = b
    if at != size:
        raise Err('safetensors: %d bytes after the last tensor' % (size - at))
    res.fmt = 'safetensors'


def read_index(path, d, res):
    j = load_json(d, 'index')
    if not isinstance(j, dict) or not isinstance(j.get('weight_map'), dict):
        raise Err('index: no weight_map')
    md = j.get('metadata')
    if md is not None and not isinstance(md, dict):
        raise Err('index: metadata is not an object')
    wm = j['weight_map']
    if not wm:
        raise Err('index: weight_map is empty')
    files = {}
    for k, f in wm.items():
        if not isinstance(f, str) or not f or f != os.path.basename(f) or '\\' in f or ':' in f or '\0' in f or f in ('.', '..'):
            raise Err('index: %r is not a plain file name' % str(f)[:60])
        if not f.endswith(('.safetensors', '.bin', '.pt', '.pth')):
            raise Err('index: %r is not a weights file' % f[:60])
        files.setdefault(f, []).append(k)
    if len(files) > 4096:
        raise Err('index: too many shards')
    base = os.path.dirname(path)
    tot = 0
    for f, ks in files.items():
        p = os.path.join(base, f)
        if os.path.islink(p) or not os.path.isfile(p):
            raise Err('index: shard %s is missing' % f[:60])
        sub = Res('x')
        read_bytes(open(p, 'rb').read(), sub, f)
        res.warn += sub.warn
        got = {}
        for t in sub.tensors:
            got['.'.join(str(x) for x in t[0]) if len(t[0]) != 1 else t[0][0]] = t
        for k in ks:
            if k not in got:
                raise Err('index: tensor %r is not in %s' % (k[:60], f[:60]))
            _, dt, sh, data, kw = got[k]
            tot += len(data or b'')
            res.add([k], dt, sh, data, **kw)
        for k in got:
            if k not in ks:
                res.warn.append('%s holds %r, which the index %s' % (f[:40], k[:40], 'places elsewhere' if k in wm else 'does not name'))
    ts = (md or {}).get('total_size')
    if ts is not None:
        if isinstance(ts, str) and ts.isdigit():
            ts = int(ts)
        if not isint(ts):
            res.warn.append('index: total_size is not a number')
        elif ts != tot:
            res.warn.append('index: total_size is %d, tensors hold %d' % (ts, tot))
    res.fmt = 'sharded'


# ---------------------------------------------------------------- numpy

def read_npy(d, res, path):
    if d[:6] != b'\x93NUMPY' or len(d) < 10:
        raise Err('npy: bad magic')
    v = (d[6], d[7])
    if v == (1, 0):
        n, p = struct.unpack('<H', d[8:10])[0], 10
    elif v in ((2, 0), (3, 0)):
        if len(d) < 12:
            raise Err('npy: truncated')
        n, p = struct.unpack('<I', d[8:12])[0], 12
    else:
        raise Err('npy: version %d.%d' % v)
    if n > 65536 or n > len(d) - p:
        raise Err('npy: header of %d bytes' % n)
    try:
        t = d[p:p + n].decode('utf-8' if v == (3, 0) else 'latin-1')
    except UnicodeDecodeError:
        raise Err('npy: header is not UTF-8')
    h = npy_literal(t)
    if not isinstance(h, dict) or set(h) != {'descr', 'fortran_order', 'shape'}:
        raise Err('npy: header has the wrong keys')
    if h['fortran_order'] not in (True, False) or not isinstance(h['fortran_order'], bool):
        raise Err('npy: fortran_order')
    sh = h['shape']
    if type(sh) is not tuple or len(sh) > MAX_DIMS or not all(isint(x) and 0 <= x < 2**63 for x in sh):
        raise Err('npy: shape')
    p += n
    if not isinstance(h['descr'], str):
        return res.ent(path, 'array', None, dtype='record')
    nm, es, o = npdescr(h['descr'])
    if nm == 'object':
        raise Err('npy: object array (holds a pickle), not opened')
    cnt = es
    for x in sh:
        cnt *= x
        if cnt >= 2**63:
            raise Err('npy: size overflows')
    if cnt != len(d) - p:
        raise Err('npy: shape needs %d bytes, file has %d' % (cnt, len(d) - p))
    if nm in ('str', 'bytes', 'void', 'datetime', 'timedelta'):
        return res.ent(path, 'array', None, dtype=nm)
    res.add(path, nm, sh, npfix(d[p:], sh, h['fortran_order'], es, o, nm))


def npy_literal(t):
    """Parses the tiny literal language of .npy headers; no eval of any kind."""
    pos = 0

    def ws():
        nonlocal pos
        while pos < len(t) and t[pos] in ' \t\r\n':
            pos += 1

    def val(dep):
        nonlocal pos
        if dep > 16:
            raise Err('npy: header nested too deep')
        ws()
        c = t[pos:pos + 1]
        if c in ('"', "'"):
            e = t.find(c, pos + 1)
            if e < 0:
                raise Err('npy: header string has no end')
            r = t[pos + 1:e]
            if '\\' in r:
                raise Err('npy: escape in header')
            pos = e + 1
            return r
        if c in ('(', '['):
            end = ')' if c == '(' else ']'
            pos += 1
            out = []
            while True:
                ws()
                if t[pos:pos + 1] == end:
                    pos += 1
                    return tuple(out) if c == '(' else out
                out.append(val(dep + 1))
                ws()
                if t[pos:pos + 1] == ',':
                    pos += 1
                elif t[pos:pos + 1] != end:
                    raise Err('npy: bad header')
        if c == '{':
            pos += 1
            out = {}
            while True:
                ws()
                if t[pos:pos + 1] == '}':
                    pos += 1
                    return out
                k = val(dep + 1)
                ws()
                if t[pos:pos + 1] != ':':
                    raise Err('npy: bad header')
                pos += 1
                if not isinstance(k, str) or k in out:
                    raise Err('npy: bad or repeated header key')
                out[k] = val(dep + 1)
                ws()
                if t[pos:pos + 1] == ',':
                    pos += 1
                elif t[pos:pos + 1] != '}':
                    raise Err('npy: bad header')
        for w, x in (('True', True), ('False', False)):
            if t.startswith(w, pos):
                pos += len(w)
                return x
        e = pos
        while e < len(t) and t[e].isdigit():
            e += 1
        if e == pos or e - pos > 20 or not t[pos:e].isascii():
            raise Err('npy: bad header at %d' % pos)
        r = int(t[pos:e])
        pos = e
        if t[pos:pos + 1] == 'L':
            pos += 1
        return r

    r = val(0)
    ws()
    if pos != len(t):
        raise Err('npy: text after the header')
    return r


def read_npz(z, res):
    res.fmt = 'npz'
    for n in z.ent:
        if n.endswith('/'):
            continue
        if not n.endswith('.npy'):
            res.warn.append('npz: %r is not an array' % n[:60])
            continue
        read_npy(z.read(n), res, [n[:-4]])


# ---------------------------------------------------------------- gguf

GG = {0: ('F32', 1, 4), 1: ('F16', 1, 2), 2: ('Q4_0', 32, 18), 3: ('Q4_1', 32, 20), 6: ('Q5_0', 32, 22), 7: ('Q5_1', 32, 24), 8: ('Q8_0', 32, 34), 9: ('Q8_1', 32, 36),
      10: ('Q2_K', 256, 84), 11: ('Q3_K', 256, 110), 12: ('Q4_K', 256, 144), 13: ('Q5_K', 256, 176), 14: ('Q6_K', 256, 210), 15: ('Q8_K', 256, 292), 16: ('IQ2_XXS', 256, 66),
      17: ('IQ2_XS', 256, 74), 18: ('IQ3_XXS', 256, 98), 19: ('IQ1_S', 256, 50), 20: ('IQ4_NL', 32, 18), 21: ('IQ3_S', 256, 110), 22: ('IQ2_S', 256, 82), 23: ('IQ4_XS', 256, 136),
      24: ('I8', 1, 1), 25: ('I16', 1, 2), 26: ('I32', 1, 4), 27: ('I64', 1, 8), 28: ('F64', 1, 8), 29: ('IQ1_M', 256, 56), 30: ('BF16', 1, 2), 34: ('TQ1_0', 256, 54),
      35: ('TQ2_0', 256, 66), 39: ('MXFP4', 32, 17), 40: ('NVFP4', 64, 36), 41: ('Q1_0', 128, 18), 42: ('Q2_0', 64, 18)}
KV = {0: '<B', 1: '<b', 2: '<H', 3: '<h', 4: '<I', 5: '<i', 6: '<f', 7: '<B', 10: '<Q', 11: '<q', 12: '<d'}


def read_gguf(d, res):
    p = 4

    def take(n):
        nonlocal p
        if n < 0 or n > len(d) - p:
            raise Err('gguf: field of %d bytes runs past the end at byte %d' % (n, p))
        r = d[p:p + n]
        p += n
        return r

    def u(f):
        return struct.unpack(f, take(struct.calcsize(f)))[0]

    def text(cap=1 << 24):
        n = u('<Q')
        if n > cap:
            raise Err('gguf: text of %d bytes' % n)
        try:
            return take(n).decode('utf-8')
        except UnicodeDecodeError:
            raise Err('gguf: text is not UTF-8')

    ver = u('<I')
    if ver not in (2, 3):
        raise Err('gguf: version %d%s' % (ver, ' (big-endian file?)' if ver & 0xffff == 0 and ver else ''))
    nt, nk = u('<Q'), u('<Q')
    if nk > (len(d) - p) // 13 or nt > (len(d) - p) // 24:
        raise Err('gguf: more entries than the file can hold')

    def value(t, dep):
        if t in KV:
            v = u(KV[t])
            if t == 7 and v > 1:
                raise Err('gguf: bool is %d' % v)
            return bool(v) if t == 7 else v
        if t == 8:
            return text()
        if t == 9:
            if dep > 4:
                raise Err('gguf: arrays nested too deep')
            et, n = u('<I'), u('<Q')
            if et not in KV and et not in (8, 9):
                raise Err('gguf: array of type %d' % et)
            es = struct.calcsize(KV[et]) if et in KV else 8 if et == 8 else 12
            if n > (len(d) - p) // es:
                raise Err('gguf: array of %d elements does not fit the file' % n)
            return [value(et, dep + 1) for _ in range(n)]
        raise Err('gguf: value type %d' % t)

    kvs = {}
    for _ in range(nk):
        k = text(65535)
        if not k or k in kvs:
            raise Err('gguf: key %r is empty or occurs twice' % k[:60])
        t = u('<I')
        kvs[k] = (t, value(t, 0))
        if not isinstance(kvs[k][1], list):
            res.ent([k], 'bool' if t == 7 else 'str' if t == 8 else 'float' if t in (6, 12) else 'int', kvs[k][1])
    al = 32
    if 'general.alignment' in kvs:
        t, al = kvs['general.alignment']
        if t != 4 or al == 0 or al & (al - 1) or al > 65536:
            raise Err('gguf: alignment')
    infos, names = [], set()
    for _ in range(nt):
        nm = text(1024)
        if not nm or nm in names:
            raise Err('gguf: tensor name %r is empty or occurs twice' % nm[:60])
        names.add(nm)
        nd = u('<I')
        if nd > 4:
            raise Err('gguf: tensor %r has %d dimensions' % (nm[:60], nd))
        ne = [u('<Q') for _ in range(nd)]
        t, off = u('<I'), u('<Q')
        if t not in GG:
            raise Err('gguf: tensor %r has unknown type %d' % (nm[:60], t))
        tn, be, bb = GG[t]
        n = 1
        for x in ne:
            if x >= 2**63:
                raise Err('gguf: dimension')
            n *= x
            if n >= 2**63:
                raise Err('gguf: tensor %r overflows' % nm[:60])
        if (ne[0] if ne else 1) % be:
            raise Err('gguf: tensor %r: row is not whole blocks' % nm[:60])
        nb = n // be * bb
        if nb >= 2**63 or off % al:
            raise Err('gguf: tensor %r: size or offset' % nm[:60])
        infos.append((nm, tn, ne, off, nb))
    base = (p + al - 1) // al * al
    spans = sorted((o, o + nb, nm) for nm, _, _, o, nb in infos)
    for nm, tn, ne, off, nb in infos:
        if base + off + nb > len(d):
            raise Err('gguf: data of %r lies outside the file' % nm[:60])
    for a, b in zip(spans, spans[1:]):
        if a[1] > b[0]:
            raise Err('gguf: data of %r and %r overlap' % (a[2][:40], b[2][:40]))
    if spans:
        end = base + max(b for _, b, _ in spans)
        if len(d) - end >= al:
            res.warn.append('gguf: %d bytes after the last tensor' % (len(d) - end))
        for a, b in zip(spans, spans[1:]):
            if b[0] - a[1] >= al:
                res.warn.append('gguf: hole of %d bytes' % (b[0] - a[1]))
        if spans[0][0] >= al:
            res.warn.append('gguf: hole before the first tensor')
    elif len(d) - p > al:
        res.warn.append('gguf: data but no tensors')
    for nm, tn, ne, off, nb in infos:
        res.add([nm], tn, list(reversed(ne)), d[base + off:base + off + nb])
    res.fmt = 'gguf'


# ---------------------------------------------------------------- front door

def read_bytes(d, res, name):
    if not d:
        raise Err('file is empty')
    if d[:4] == b'PK\3\4' or d[:4] in (b'PK\5\6', b'PK\6\6'):
        return read_torch_zip(d, res)
    if d[:4] == b'GGUF':
        return read_gguf(d, res)
    if d[:6] == b'\x93NUMPY':
        res.fmt = 'npy'
        return read_npy(d, res, [])
    if d[257:262] == b'ustar':
        return read_tar(d, res)
    if d.startswith(b'version https://git-lfs'):
        raise Err('this is a Git LFS pointer, not the file itself')
    if d[:1] == b'<':
        raise Err('this is an HTML or XML page')
    if name.endswith('.safetensors') or len(d) > 9 and d[8:9] == b'{' and struct.unpack('<Q', d[:8])[0] <= max(len(d), MAX_HEADER):
        return read_safetensors(d, res)
    if d.startswith(b'L119547037146038801333356L\n.'):
        return read_legacy(d, res)
    if d[:1] == b'\x80' and b'\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.' in d[:40]:
        return read_legacy(d, res)
    if d[:1] == b'\x80' or d[-1:] == b'.':
        return read_pickle(d, res)
    raise Err('not a known checkpoint format')


def open_any(path):
    res = Res('?')
    if os.path.getsize(path) > 1 << 30:
        raise Err('too large for this checker')
    d = open(path, 'rb').read()
    if path.endswith('.index.json'):
        read_index(path, d, res)
    else:
        read_bytes(d, res, os.path.basename(path))
    return res
