// SPDX-License-Identifier: GPL-3.0-or-later
// What PyTorch writes we read, what we write PyTorch reads: with Debian's python3-torch, where it is installed.
#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/writers.h"
#include "tests/core/checkpoint/temporaryfolder.h"

#include <nlohmann/json.hpp>

#include <cstdlib>

using namespace rekey;

namespace {

constexpr const char *python = "/usr/bin/python3";

bool hasTorch()
{
    static const bool found = std::system(fmt::format("{} -c 'import torch' 2>/dev/null", python).c_str()) == 0;
    return found;
}

int run(const TemporaryFolder &folder, const std::string &script)
{
    folder.write("script.py", "import collections, hashlib, json, os, sys, torch\nos.chdir('" + folder.path().string() + "')\n" + script);
    return std::system(fmt::format("{} '{}'", python, (folder / "script.py").string()).c_str());
}

/// Every type of tensor that torch 1.13 saves, with views, ties and empty ones.
const char *const makeTensors = R"(
def tensors():
    torch.manual_seed(1)
    d = collections.OrderedDict()
    for t in ('float64', 'float32', 'float16', 'bfloat16', 'complex64', 'complex128'):
        d['f.' + t] = torch.randn(3, 5).to(getattr(torch, t))
    for t in ('int64', 'int32', 'int16', 'int8', 'uint8'):
        d['i.' + t] = torch.randint(0, 100, (4, 2)).to(getattr(torch, t))
    d['bool'] = torch.tensor([True, False, True])
    d['scalar'] = torch.tensor(3.5)
    d['empty'] = torch.zeros(0, 3)
    base = torch.arange(24.).reshape(2, 3, 4)
    d['transposed'] = base.transpose(0, 2)
    d['sliced'] = base[:, 1:, ::2]
    d['expanded'] = torch.arange(3.).expand(4, 3)
    d['tied'] = d['f.float32']
    d['parameter'] = torch.nn.Parameter(torch.randn(2, 2))
    return d
def raw(t):
    t = t.detach().contiguous()
    return bytes(t.untyped_storage() if hasattr(t, 'untyped_storage') else t.storage().untyped())[:t.numel() * t.element_size()] if t.numel() else b''
)";

void writeFrom(const Checkpoint &checkpoint, const std::filesystem::path &path, const WriteOptions &options = {})
{
    const TensorFiller fill = [&](std::size_t index, const ByteSink &sink) {
        std::vector<std::byte> bytes(checkpoint.tensors()[index].bytes());
        checkpoint.read(index, 0, checkpoint.tensors()[index].elements(), bytes);
        sink(bytes);
    };
    writerFor(path).write(path, checkpoint.schema(), fill, options, {});
}

} // namespace

TEST(Python, RoundTripOfEveryType)
{
    if (!hasTorch())
        GTEST_SKIP() << "python3-torch is not installed: the round trip through PyTorch was not tested";
    const TemporaryFolder folder;
    ASSERT_EQ(run(folder, std::string(makeTensors) + R"(
d = tensors()
torch.save(d, 'zip.pth')
torch.save({'model': d, 'epoch': 3}, 'wrapped.pth')
torch.save(d, 'legacy.pth', _use_new_zipfile_serialization=False)
json.dump({k: [list(v.shape), hashlib.sha256(raw(v)).hexdigest()] for k, v in d.items()}, open('digests.json', 'w'))
)"), 0);
    const auto digests = nlohmann::json::parse(fileBytes(folder / "digests.json"));
    for (const char *file : {"zip.pth", "wrapped.pth", "legacy.pth"}) {
        const auto checkpoint = openCheckpoint(folder / file);
        ASSERT_EQ(checkpoint->tensors().size(), digests.size()) << file;
        for (std::size_t i = 0; i < checkpoint->tensors().size(); ++i) {
            const TensorEntry &entry = checkpoint->tensors()[i];
            EXPECT_EQ(entry.shape, digests[entry.key][0].get<Shape>()) << file << " " << entry.key;
            EXPECT_EQ(sha256(*checkpoint, i), digests[entry.key][1].get<std::string>()) << file << " " << entry.key;
        }
    }
    const auto checkpoint = openCheckpoint(folder / "wrapped.pth");
    EXPECT_EQ(checkpoint->root().text, "model");
    writeFrom(*checkpoint, folder / "ours.pth");
    WriteOptions options;
    options.wrapperKey = "model";
    writeFrom(*checkpoint, folder / "ours_wrapped.pth", options);
    EXPECT_EQ(run(folder, std::string(makeTensors) + R"(
expected = tensors()
for name, wrapped in (('ours.pth', False), ('ours_wrapped.pth', True)):
    for weights_only in (False, True):
        got = torch.load(name, weights_only=weights_only)
        if wrapped:
            assert list(got) == ['model']
            got = got['model']
        assert type(got) is collections.OrderedDict and list(got) == list(expected), name
        for k, v in expected.items():
            assert got[k].dtype == v.dtype and got[k].shape == v.shape and torch.equal(got[k], v), (name, k)
        assert got['tied'].data_ptr() == got['f.float32'].data_ptr()
import zipfile
assert zipfile.ZipFile('ours.pth').testzip() is None
)"), 0);
}

TEST(Python, SafetensorsLayoutIsWhatTheSpecificationSays)
{
    if (!hasTorch())
        GTEST_SKIP() << "python3-torch is not installed: our safetensors files were not read from Python";
    const TemporaryFolder folder;
    ASSERT_EQ(run(folder, "torch.save({'a': torch.arange(6.).reshape(2, 3), 'b': torch.arange(3, dtype=torch.uint8)}, 'in.pth')\n"), 0);
    writeFrom(*openCheckpoint(folder / "in.pth"), folder / "out.safetensors");
    EXPECT_EQ(run(folder, R"(
data = open('out.safetensors', 'rb').read()
n = int.from_bytes(data[:8], 'little')
header = json.loads(data[8:8 + n])
a = header['a']
begin, end = a['data_offsets']
assert torch.frombuffer(bytearray(data[8 + n + begin:8 + n + end]), dtype=torch.float32).reshape(a['shape']).equal(torch.arange(6.).reshape(2, 3))
assert n % 8 == 0 and header['__metadata__']['format'] == 'pt' and header['b'] == {'dtype': 'U8', 'shape': [3], 'data_offsets': [24, 27]}
)"),
              0);
}
