// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/runtime/blas.h"
#include "core/runtime/devices.h"
#include "core/runtime/embeddingcache.h"
#include "core/runtime/models/sam/segmenter.h"
#include "core/runtime/modelsource.h"
#include "core/runtime/modelweights.h"
#include "core/runtime/precisions.h"
#include "core/runtime/tensorcomputer.h"
#include "core/runtime/torchscript.h"

#include <ATen/ATen.h>
#include <torch/version.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace rekey {

namespace {

std::unique_ptr<Segmenter> openSam(const ModelSource &model, const std::map<std::string, double> &overrides, const Progress &progress,
                                   const ComputeOptions &compute, const std::shared_ptr<EmbeddingCache> &cache)
{
    // Weakest first: what the naming's implementation does, what a config.json says, what the caller wants.
    sam::Behaviour behaviour;
    for (const auto &[name, value] : model.naming->behaviour) {
        if (sam::isBehaviour(name))
            behaviour[name] = value;
    }
    const sam::Config first = sam::detectConfig(model.tensors->schema(), behaviour);
    sam::ConfigHints hints = sam::configHints(model.described, first.width);
    if (hints.huggingFace && model.naming->id != "hf")
        hints.behaviour.erase("decoder_norm_eps");
    for (const sam::Behaviour *layer : {&std::as_const(hints.behaviour), &overrides}) {
        for (const auto &[name, value] : *layer)
            behaviour[name] = value;
    }
    const sam::Config config = sam::detectConfig(model.tensors->schema(), behaviour, hints.globalBlocks);
    return sam::makeSegmenter(config, model.tensors, progress, compute, cache);
}

/// LibTorch's exceptions stay behind the door.
template <class Work>
auto guarded(const Work &work)
{
    try {
        return work();
    } catch (const c10::Error &error) {
        throw Error("LibTorch", "", error.what_without_backtrace());
    } catch (const std::bad_alloc &) {
        throw Error("", "", "there is not enough memory for this");
    }
}

/// Intermediate results of some megabytes come and go with every click. Handed back to the system each time, a quarter of a click would be
/// spent on fresh pages.
void keepFreedMemory()
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 128 << 20);
#endif
}

class LibTorchRuntime final : public Runtime
{
public:
    LibTorchRuntime()
    {
        setThreads(0);
        keepFreedMemory();
    }

    Info info() const override
    {
        const BlasInfo blas = blasInfo();
        return {TORCH_VERSION, blas.name, threads(), blas.slow};
    }

    std::unique_ptr<TensorComputer> tensorComputer(const ModelWeights &weights, const Schema &target, const Resolution &resolution) override
    {
        return guarded([&] { return rekey::tensorComputer(weights, target, resolution); });
    }

    std::vector<ModelKey> modelKeys(const ModelWeights &weights) override
    {
        return guarded([&] { return modelKeysOf(weights); });
    }

    std::vector<ModelKeyDifference> compareWeights(const ModelWeights &a, const ModelWeights &b, const Progress &progress) override
    {
        return guarded([&] { return compareModelWeights(a, b, progress); });
    }

    std::unique_ptr<ScriptModule> openScriptModule(const ScriptModuleRequest &request, const Progress &progress) override
    {
        return guarded([&] { return openTorchScript(request, progress); });
    }

    std::unique_ptr<Segmenter> openSegmenter(const ModelWeights &weights, const std::map<std::string, double> &behaviourOverrides,
                                             const Progress &progress, const ComputeOptions &compute) override
    {
        return guarded([&] {
            deviceOf(compute.device); // before any work
            const ModelSource model = modelSource(weights);
            if (model.architecture->id != "sam")
                throw Error(displayText(model.tensors->schema().name), "",
                            "is " + model.architecture->name + ", which cannot be run here yet");
            return openSam(model, behaviourOverrides, progress, compute, m_embeddings);
        });
    }

    std::vector<ComputeDevice> devices() const override { return computeDevices(); }
    std::vector<PrecisionOffer> precisions(const std::string &device) override
    {
        return guarded([&] { return precisionOffers(deviceOf(device)); });
    }
    void setEmbeddingCacheLimit(std::uint64_t bytes) override { m_embeddings->setLimit(bytes); }
    EmbeddingCacheState embeddingCache() const override { return m_embeddings->state(); }

private:
    static constexpr std::uint64_t cacheLimit = 256 << 20;
    std::shared_ptr<EmbeddingCache> m_embeddings = std::make_shared<EmbeddingCache>(cacheLimit);
};

} // namespace

} // namespace rekey

extern "C" rekey::Runtime *rekeyRuntime()
{
    static rekey::LibTorchRuntime runtime;
    return &runtime;
}
