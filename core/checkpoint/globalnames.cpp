// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/globalnames.h"

#include <algorithm>
#include <array>
#include <set>

namespace rekey {

namespace {

using Names = std::set<std::string_view>;

const Names &plainBuiltins()
{
    static const Names names = {"set", "frozenset", "complex", "bytearray", "slice", "range", "list", "dict", "tuple",
                                "int", "float", "str", "bytes", "object", "bool"};
    return names;
}

/// Top-level modules that reach the system, load code or evaluate text.
const Names &alarmingModules()
{
    static const Names names = {"os",
                                "posix",
                                "nt",
                                "posixpath",
                                "ntpath",
                                "subprocess",
                                "_posixsubprocess",
                                "sys",
                                "pty",
                                "socket",
                                "_socket",
                                "shutil",
                                "ctypes",
                                "_ctypes",
                                "runpy",
                                "code",
                                "codeop",
                                "pdb",
                                "bdb",
                                "cProfile",
                                "profile",
                                "timeit",
                                "trace",
                                "importlib",
                                "pip",
                                "ensurepip",
                                "venv",
                                "pydoc",
                                "webbrowser",
                                "multiprocessing",
                                "asyncio",
                                "threading",
                                "_thread",
                                "concurrent",
                                "signal",
                                "atexit",
                                "tempfile",
                                "tarfile",
                                "zipfile",
                                "zipimport",
                                "linecache",
                                "fileinput",
                                "logging",
                                "io",
                                "_io",
                                "pickle",
                                "_pickle",
                                "cPickle",
                                "dill",
                                "cloudpickle",
                                "joblib",
                                "marshal",
                                "types",
                                "functools",
                                "itertools",
                                "operator",
                                "_operator",
                                "inspect",
                                "gc",
                                "platform",
                                "imaplib",
                                "smtplib",
                                "ftplib",
                                "telnetlib",
                                "poplib",
                                "nntplib",
                                "urllib",
                                "urllib2",
                                "http",
                                "httplib",
                                "requests",
                                "ssl",
                                "select",
                                "selectors",
                                "distutils",
                                "setuptools",
                                "pkg_resources",
                                "idlelib",
                                "lib2to3",
                                "_osx_support",
                                "_aix_support",
                                "commands",
                                "popen2",
                                "__main__",
                                "uuid",
                                "copyreg",
                                "site",
                                "sysconfig",
                                "builtins",
                                "_codecs",
                                "codecs",
                                "ast",
                                "dis",
                                "doctest",
                                "unittest",
                                "tkinter",
                                "turtle",
                                "xmlrpc",
                                "socketserver",
                                "wsgiref",
                                "cgi",
                                "crypt",
                                "dbm",
                                "shelve",
                                "sqlite3",
                                "glob",
                                "pathlib2",
                                "nturl2path",
                                "pkgutil",
                                "imp",
                                "_imp",
                                "winreg",
                                "_winapi",
                                "msvcrt",
                                "resource",
                                "pwd",
                                "grp",
                                "fcntl",
                                "termios",
                                "tty",
                                "readline",
                                "rlcompleter",
                                "compileall",
                                "py_compile",
                                "bz2",
                                "lzma",
                                "gzip",
                                "mailbox",
                                "netrc",
                                "faulthandler",
                                "tracemalloc"};
    return names;
}

const Names &knownNames()
{
    static const Names names = {"collections.OrderedDict",
                                "collections.Counter",
                                "collections.defaultdict",
                                "collections.deque",
                                "copyreg._reconstructor",
                                "_codecs.encode",
                                "uuid.UUID",
                                "types.SimpleNamespace",
                                "argparse.Namespace",
                                "datetime.datetime",
                                "datetime.date",
                                "datetime.timedelta",
                                "datetime.time",
                                "datetime.timezone",
                                "pathlib.PosixPath",
                                "pathlib.WindowsPath",
                                "pathlib.PurePosixPath",
                                "pathlib.PureWindowsPath",
                                "pathlib.Path",
                                "decimal.Decimal",
                                "fractions.Fraction",
                                "torch.Size",
                                "torch.device",
                                "torch.serialization._get_layout",
                                "numpy.dtype",
                                "numpy.ndarray",
                                "numpy.core.multiarray.scalar",
                                "numpy._core.multiarray.scalar",
                                "numpy.core.multiarray._reconstruct",
                                "numpy._core.multiarray._reconstruct",
                                "numpy.core.numeric._frombuffer",
                                "numpy._core.numeric._frombuffer",
                                "torch._utils._rebuild_tensor",
                                "torch._utils._rebuild_tensor_v2",
                                "torch._utils._rebuild_tensor_v3",
                                "torch._utils._rebuild_parameter",
                                "torch._utils._rebuild_parameter_with_state",
                                "torch._tensor._rebuild_from_type_v2",
                                "torch.tensor._rebuild_from_type_v2",
                                "torch._tensor._rebuild_from_type",
                                "torch._utils._rebuild_qtensor",
                                "torch._utils._rebuild_sparse_tensor",
                                "torch._utils._rebuild_sparse_csr_tensor",
                                "torch._utils._rebuild_meta_tensor_no_storage",
                                "torch._utils._rebuild_device_tensor_from_numpy",
                                "torch._utils._rebuild_xla_tensor",
                                "torch._utils._rebuild_device_tensor_from_cpu_tensor",
                                "torch._utils._rebuild_nested_tensor",
                                "torch._utils._rebuild_wrapper_subclass",
                                "torch.nn.parameter.Parameter",
                                "torch.nn.parameter.Buffer",
                                "torch.storage._load_from_bytes",
                                "torch.storage.UntypedStorage",
                                "torch.UntypedStorage",
                                "torch.per_tensor_affine",
                                "torch.per_tensor_symmetric",
                                "torch.per_channel_affine",
                                "torch.per_channel_symmetric",
                                "torch.per_channel_affine_float_qparams",
                                "torch.Tensor"};
    return names;
}

bool isTorchType(std::string_view module, std::string_view name)
{
    constexpr auto storages
        = std::to_array<std::string_view>({"Double", "Float", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool",
                                           "ComplexFloat", "ComplexDouble", "QInt8", "QUInt8", "QInt32", "QUInt4x2", "QUInt2x4"});
    constexpr auto dtypes = std::to_array<std::string_view>({
        "float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8", "bool",
        "complex64", "complex128", "complex32", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu",
        "float4_e2m1fn_x2", "qint8", "quint8", "qint32", "quint4x2", "quint2x4", "bits8", "bits16", "bits1x8", "bits2x4", "bits4x2",
        "half", "float", "double", "short", "int", "long"});
    if (module != "torch" && module != "torch.cuda" && module != "torch.storage")
        return false;
    for (const std::string_view storage : storages) {
        if (name.starts_with(storage) && (name.substr(storage.size()) == "Storage" || name.substr(storage.size()) == "Tensor"))
            return true;
    }
    return module == "torch" && std::ranges::find(dtypes, name) != dtypes.end();
}

std::string_view top(std::string_view module)
{
    return module.substr(0, module.find('.'));
}

bool isWithin(std::string_view module, std::string_view package)
{
    return module.starts_with(package) && (module.size() == package.size() || module[package.size()] == '.');
}

bool isDangerousInTorch(std::string_view module, std::string_view name)
{
    constexpr auto packages = std::to_array<std::string_view>({
        "torch.hub", "torch.jit", "torch._dynamo", "torch._inductor", "torch.fx", "torch.package", "torch.multiprocessing",
        "torch.distributed.rpc", "torch.utils.collect_env", "torch.utils.bottleneck", "torch.utils.cpp_extension", "torch.testing",
        "torch._export", "torch.export", "torch.onnx", "torch.ops", "torch._ops", "torch._classes", "torch.classes", "torch.library",
        "torch.distributed.elastic", "torch.distributed.run", "torch.distributed.launch", "torch.utils.model_dump", "torch._lobpcg"});
    constexpr auto names = std::to_array<std::string_view>({"load", "_import_dotted_name", "run", "execWrapper", "run_cprofile", "system",
                                                            "load_module", "get", "compile", "load_library"});
    return std::ranges::any_of(packages, [&](std::string_view package) { return isWithin(module, package); })
        || std::ranges::find(names, name) != names.end();
}

bool isDangerousInNumpy(std::string_view module, std::string_view name)
{
    return module.find("testing") != module.npos || module.find("f2py") != module.npos || module.find("distutils") != module.npos
        || name == "load" || name == "runstring" || name == "getlincoef" || name == "loadtxt" || name == "genfromtxt" || name == "fromfile"
        || name == "memmap" || name == "DataSource";
}

/// Outer.Inner: a class in a class, which protocol 4 writes with a dot. Anything else walks the attributes of a module.
bool looksLikeNestedClass(std::string_view module, std::string_view name)
{
    if (top(module) == "torch" || top(module) == "numpy" || alarmingModules().contains(top(module)))
        return false;
    for (std::size_t at = 0; at <= name.size();) {
        const std::size_t end = std::min(name.find('.', at), name.size());
        if (at == end || name[at] < 'A' || name[at] > 'Z')
            return false;
        at = end + 1;
    }
    return true;
}

bool isOddName(std::string_view text)
{
    return text.empty()
           || std::ranges::any_of(text, [](char letter) { return letter <= ' ' || static_cast<unsigned char>(letter) > 0x7E; });
}

} // namespace

Grade gradeOfGlobal(std::string_view module, std::string_view name)
{
    const std::string full = std::string(module) + "." + std::string(name);
    if (knownNames().contains(full) || isTorchType(module, name) || (module == "builtins" && plainBuiltins().contains(name)))
        return Grade::Known;
    if (module == "torch.jit._pickle" && (name.starts_with("build_") || name == "restore_type_tag"))
        return Grade::Known;
    if (isOddName(module) || name.find_first_of(" \t") != name.npos || name.empty())
        return Grade::Dangerous;
    if (name.find('.') != name.npos && !looksLikeNestedClass(module, name))
        return Grade::Dangerous;
    if (alarmingModules().contains(top(module)))
        return Grade::Dangerous;
    if (top(module) == "torch" && isDangerousInTorch(module, name))
        return Grade::Dangerous;
    if (top(module) == "numpy" && isDangerousInNumpy(module, name))
        return Grade::Dangerous;
    return Grade::Unknown;
}

void renameFromPython2(std::string &module, std::string &name)
{
    struct Renamed
    {
        std::string_view from, to;
    };
    constexpr auto modules = std::to_array<Renamed>({{"__builtin__", "builtins"}, {"copy_reg", "copyreg"}, {"exceptions", "builtins"},
                                                     {"cPickle", "pickle"}, {"Queue", "queue"}});
    constexpr auto names = std::to_array<Renamed>({{"xrange", "range"}, {"unicode", "str"}, {"long", "int"}, {"unichr", "chr"},
                                                   {"raw_input", "input"}});
    if (module == "__builtin__") {
        for (const auto &[from, to] : names) {
            if (name == from) {
                name = to;
                break;
            }
        }
    }
    for (const auto &[from, to] : modules) {
        if (module == from) {
            module = to;
            return;
        }
    }
}

} // namespace rekey
