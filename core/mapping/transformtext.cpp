// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mapping/transformfields.h"

#include "core/base/error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace rekey {

namespace {

constexpr std::string_view scalarWord = "scalar";
constexpr std::string_view separator = ", then ";

std::string valueText(const StepField &, int value) { return fmt::format("{}", value); }
std::string valueText(const StepField &, std::int64_t value) { return fmt::format("{}", value); }
std::string valueText(const StepField &, double value) { return fmt::format("{}", value); }
std::string valueText(const StepField &, const std::string &value) { return value; }
std::string valueText(const StepField &, DType value) { return std::string(name(value)); }

template <class Number>
std::string valueText(const StepField &field, const std::vector<Number> &values)
{
    return values.empty() ? std::string(scalarWord) : fmt::format("{}", fmt::join(values, field.separator));
}

std::string stepText(const Step &step)
{
    std::string text = stepName(step);
    std::visit([&text](const auto &op) {
        using S = std::decay_t<decltype(op)>;
        visitFields(std::as_const(op), [&](const StepField &field, const auto &value) {
            using Value = std::decay_t<decltype(value)>;
            bool isDefault = false;
            const S standard;
            visitFields(standard, [&](const StepField &other, const auto &otherValue) {
                if constexpr (std::is_same_v<Value, std::decay_t<decltype(otherValue)>>) {
                    if (other.name == field.name)
                        isDefault = otherValue == value;
                }
            });
            if (!field.required && isDefault)
                return;
            if constexpr (std::is_same_v<Value, bool>)
                text += fmt::format(" {}", field.label);
            else if (field.label.empty())
                text += " " + valueText(field, value);
            else
                text += fmt::format(" {} {}", field.label, valueText(field, value));
        });
    }, step.op);
    return step.only < 0 ? text : fmt::format("{} only input {}", text, step.only);
}

/// The words of one step and how far they are read.
struct Words
{
    std::string_view text;
    std::string place; ///< "step 2 (split)"

    std::string_view peek() const { return text.substr(0, text.find(' ')); }
    std::string_view take()
    {
        const std::string_view word = peek();
        text.remove_prefix(word.size());
        skipSpaces();
        return word;
    }
    void skipSpaces()
    {
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    }
    [[noreturn]] void fail(const std::string &expected, std::string_view found) const
    {
        throw Error({}, place, fmt::format("expected {}, found {}", expected,
                                           found.empty() ? "the end" : "'" + displayText(found) + "'"));
    }
};

template <class Number>
bool readNumber(std::string_view word, Number &value)
{
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    return error == std::errc() && end == word.data() + word.size() && !word.empty();
}

template <class Number>
void readValue(Words &words, const StepField &field, Number &value)
    requires(std::is_same_v<Number, int> || std::is_same_v<Number, std::int64_t> || std::is_same_v<Number, double>)
{
    const std::string_view word = words.peek();
    if (!readNumber(word, value))
        words.fail(fmt::format("a number for '{}'", field.name), word);
    words.take();
}

void readValue(Words &words, const StepField &field, std::string &value)
{
    value = words.take();
    if (value.empty())
        words.fail(fmt::format("a word for '{}'", field.name), {});
}

void readValue(Words &words, const StepField &field, DType &value)
{
    const std::string_view word = words.take();
    const std::optional<DType> dtype = dtypeFromName(word);
    if (!dtype)
        words.fail(fmt::format("an element type such as F32 for '{}'", field.name), word);
    value = *dtype;
}

/// "0,2,3,1", "480×160", "480x160", "scalar".
template <class Number>
void readValue(Words &words, const StepField &field, std::vector<Number> &values)
{
    const std::string_view word = words.take();
    values.clear();
    if (word == scalarWord)
        return;
    std::string_view left = word;
    while (true) {
        const std::size_t end = std::min({left.find(','), left.find('x'), left.find("×"), left.size()});
        Number value = 0;
        if (!readNumber(left.substr(0, end), value))
            words.fail(fmt::format("numbers for '{}', such as 4{}3", field.name, field.separator), word);
        values.push_back(value);
        if (end == left.size())
            return;
        left.remove_prefix(end + (left[end] == ',' || left[end] == 'x' ? 1 : std::string_view("×").size()));
    }
}

template <class S>
void readFields(Words &words, S &op)
{
    std::vector<std::string_view> open; // required, not yet given
    std::string labels;
    visitFields(op, [&](const StepField &field, auto &) {
        if (!field.label.empty())
            labels += fmt::format("{}'{}'", labels.empty() ? "" : ", ", field.label);
        if (field.required)
            open.push_back(field.name);
    });
    bool found = true;
    while (!words.text.empty() && words.peek() != "only" && found) {
        found = false;
        const std::string_view word = words.peek();
        visitFields(op, [&](const StepField &field, auto &value) {
            const auto waiting = std::ranges::find(open, field.name);
            const bool byPosition = field.label.empty() && waiting != open.end();
            if (found || !(byPosition || (!field.label.empty() && word == field.label)))
                return;
            found = true;
            if (waiting != open.end())
                open.erase(waiting);
            if (!byPosition)
                words.take();
            if constexpr (std::is_same_v<std::decay_t<decltype(value)>, bool>)
                value = true;
            else
                readValue(words, field, value);
        });
        if (!found)
            words.fail(labels.empty() ? "nothing more" : "one of " + labels, word);
    }
    if (!open.empty())
        words.fail(fmt::format("'{}'", open.front()), words.peek());
}

Step parseStep(std::string_view text, std::size_t number)
{
    Words words{text, fmt::format("step {}", number)};
    words.skipSpaces();
    const std::string_view name = words.take();
    const std::optional<BasicStep> op = stepByName(name);
    if (!op)
        words.fail("one of " + knownStepNames(), name);
    words.place += fmt::format(" ({})", name);
    Step step{*op, -1};
    std::visit([&words](auto &s) { readFields(words, s); }, step.op);
    if (words.peek() == "only") {
        words.take();
        if (words.take() != "input" || !readNumber(words.peek(), step.only) || step.only < 0)
            words.fail("'only input' and a number from 0", words.peek());
        words.take();
        if (!words.text.empty())
            words.fail("the end", words.text);
    }
    return step;
}

} // namespace

std::string stepName(const Step &step)
{
    return std::string(stepNames[step.op.index()]);
}

std::optional<BasicStep> stepByName(std::string_view name)
{
    const auto found = std::ranges::find(stepNames, name);
    if (found == stepNames.end())
        return std::nullopt;
    const auto wanted = static_cast<std::size_t>(found - stepNames.begin());
    return [wanted]<std::size_t... index>(std::index_sequence<index...>) {
        BasicStep step;
        ((index == wanted ? void(step.emplace<index>()) : void()), ...);
        return step;
    }(std::make_index_sequence<std::variant_size_v<BasicStep>>());
}

std::string knownStepNames()
{
    return fmt::format("{}", fmt::join(stepNames, ", "));
}

std::string transformText(const Transform &transform)
{
    std::string text;
    for (const Step &step : transform)
        text += (text.empty() ? "" : std::string(separator)) + stepText(step);
    return text;
}

Transform parseTransform(std::string_view text)
{
    Transform transform;
    if (text.find_first_not_of(' ') == std::string_view::npos)
        return transform;
    while (true) {
        const std::size_t end = text.find(separator);
        transform.push_back(parseStep(text.substr(0, end), transform.size() + 1));
        if (end == std::string_view::npos)
            return transform;
        text.remove_prefix(end + separator.size());
    }
}

} // namespace rekey
