// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/mapping/mapping.h"
#include "core/mapping/transformfields.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace rekey::test {

/// Mappings of every form that a document may have, though few of them mean anything.
class RandomMapping
{
public:
    explicit RandomMapping(unsigned seed)
        : m_random(seed)
    {
    }

    Mapping mapping()
    {
        Mapping result;
        result.name = text();
        result.note = text();
        for (int i = number(0, 2); i > 0; --i)
            result.sources.push_back(side());
        result.target = side();
        result.incompleteAccepted = chance();
        for (int i = number(0, 8); i > 0; --i)
            result.rules.push_back(rule());
        return result;
    }

    Transform transform()
    {
        Transform result;
        for (int i = number(0, 4); i > 0; --i) {
            Step step {*stepByName(stepNames[static_cast<std::size_t>(number(0, static_cast<int>(stepNames.size()) - 1))]),
                       chance() ? number(0, 3) : -1};
            std::visit([this](auto &op) { visitFields(op, [this](const StepField &field, auto &value) { set(field, value); }); }, step.op);
            result.push_back(std::move(step));
        }
        return result;
    }

private:
    int number(int least, int most) { return std::uniform_int_distribution(least, most)(m_random); }
    bool chance() { return number(0, 1) == 1; }

    /// Words, and what JSON has to escape.
    std::string text()
    {
        static const std::vector<std::string> pieces
            = {"", "SAM", " ", "→", "\"", "\\", "\n", "\t", "{", "[,]", "/*", "\x01", "\x7f", "é", "😀", "a: 1", "null"};
        std::string result;
        for (int i = number(0, 4); i > 0; --i)
            result += pieces[static_cast<std::size_t>(number(0, static_cast<int>(pieces.size()) - 1))];
        return result;
    }

    double real()
    {
        const double value = std::bit_cast<double>(static_cast<std::uint64_t>(m_random()) << 32U | m_random());
        return chance() ? number(-8, 8) / 4.0 : std::isfinite(value) ? value : 0.1;
    }

    MappingSide side()
    {
        return {text(), chance() ? std::string(64, "0123456789abcdef"[number(0, 15)]) : std::string(),
                static_cast<std::size_t>(number(0, 5000))};
    }

    Pattern pattern()
    {
        static const std::vector<std::string> pieces
            = {"a",  ".b", ".{i}",    ".{leaf}", ".{rest}", ".{x:q|k|v}", ".{y:|.norm}", ".{i+1}", ".{3*i+j}", ".{7-i}",
               "{{", "}}", "/kernel", ".weight", "é",       "\"",         "\\",          "_{n}",   ".{rest2}"};
        std::string result = "k";
        for (int i = number(0, 5); i > 0; --i)
            result += pieces[static_cast<std::size_t>(number(0, static_cast<int>(pieces.size()) - 1))];
        try {
            return Pattern::parse(result);
        } catch (const PatternError &) { // two lists of other lengths, say
            return Pattern::literal(result);
        }
    }

    std::vector<Pattern> patterns()
    {
        std::vector<Pattern> result;
        for (int i = number(1, 3); i > 0; --i)
            result.push_back(pattern());
        return result;
    }

    void set(const StepField &, int &value) { value = number(-3, 40); }
    void set(const StepField &, bool &value) { value = chance(); }
    void set(const StepField &, double &value) { value = real(); }
    void set(const StepField &, std::int64_t &value) { value = number(0, 4) == 0 ? INT64_MAX - number(0, 2) : number(-100, 100'000); }
    void set(const StepField &, DType &value) { value = chance() ? DType::BF16 : DType::F8E4M3; }
    void set(const StepField &, std::string &value) { value = interpolationModes[static_cast<std::size_t>(number(0, 2))]; }
    template <class T>
    void set(const StepField &field, std::vector<T> &values)
    {
        values.resize(static_cast<std::size_t>(number(0, 4)));
        for (T &value : values)
            set(field, value);
    }

    Candidate candidate() { return {patterns(), patterns(), transform(), number(0, 1000) / 1000.0, text()}; }

    Rule rule()
    {
        Rule result;
        result.kind = static_cast<RuleKind>(number(0, 2));
        if (result.kind != RuleKind::Init)
            result.sources = patterns();
        if (result.kind != RuleKind::Drop)
            result.targets = patterns();
        result.transform = transform();
        result.reason = text();
        result.init = static_cast<InitPolicy>(number(0, 3));
        result.initStd = std::abs(real());
        result.state = static_cast<RuleState>(number(0, 3));
        result.confidence = number(0, 7) / 7.0;
        for (int i = number(0, 3); i > 0; --i)
            result.evidence.push_back(text());
        for (int i = number(0, 2); i > 0; --i)
            result.candidates.push_back(candidate());
        result.note = text();
        return result;
    }

    std::mt19937 m_random;
};

} // namespace rekey::test
