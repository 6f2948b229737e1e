// SPDX-License-Identifier: GPL-3.0-or-later
// What a pickle names and would call: noted, graded, and never done.
#include "core/base/utf8.h"
#include "core/checkpoint/globalnames.h"
#include "core/checkpoint/picklemachine.h"

#include <fmt/format.h>

#include <algorithm>

namespace rekey {

PickleValue PickleMachine::global(std::string_view module, std::string_view name)
{
    if (module.size() > limits::globalName || name.size() > limits::globalName)
        fail(fmt::format("the name of a global has {} bytes", std::max(module.size(), name.size())));
    if (!isUtf8(module, true) || !isUtf8(name, true))
        fail("the name of a global is not UTF-8");
    const std::string key = std::string(module) + "\n" + std::string(name);
    const auto [found, added] = m_globalIndex.try_emplace(key, static_cast<std::uint32_t>(m_graph.globals.size()));
    if (added) {
        m_budget.take(2 * key.size() + sizeof(GlobalUse) + 128);
        GlobalUse use;
        use.module = module;
        use.name = name;
        renameFromPython2(use.module, use.name);
        use.grade = gradeOfGlobal(use.module, use.name);
        use.part = m_part;
        use.offset = m_opcodeAt;
        m_graph.globals.push_back(std::move(use));
    }
    ++m_graph.globals[found->second].count;
    return PickleValue::ofNode(Type::Global, found->second);
}

namespace {

bool isIdentifier(std::string_view name)
{
    return !name.empty() && name[0] != '_' && (name[0] < '0' || name[0] > '9') && std::ranges::all_of(name, [](char letter) {
        return letter == '_' || (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z')
            || static_cast<unsigned char>(letter) >= 0x80;
    });
}

} // namespace

/// builtins.getattr reaches anything, but Python 3.11 also writes the members of enumerations with it.
void PickleMachine::noteCalled(PickleValue callable, const Values &arguments)
{
    if (!callable.is(Type::Global))
        return;
    GlobalUse &use = m_graph.globals[callable.index];
    const bool first = !use.called;
    use.called = true;
    if (use.module != "builtins" || use.name != "getattr")
        return;
    bool member
        = arguments.size() == 2 && arguments[0].is(Type::Global) && arguments[1].is(Type::Text) && isIdentifier(arguments[1].text());
    if (member) {
        const GlobalUse &owner = m_graph.global(arguments[0]);
        member = owner.grade != Grade::Dangerous && !owner.module.starts_with("torch") && !owner.module.starts_with("numpy");
    }
    if (!member)
        use.grade = Grade::Dangerous;
    else if (first)
        use.grade = Grade::Known;
}

bool PickleMachine::fold(PickleValue callable, const Values &arguments)
{
    if (!callable.is(Type::Global))
        return false;
    const GlobalUse &use = m_graph.global(callable);
    if (use.module == "collections" && use.name == "OrderedDict" && arguments.empty()) {
        pushNode(Type::Dict, {});
        return true;
    }
    const auto latin1 = [&](PickleValue text) {
        std::string bytes;
        const std::string_view utf8 = text.text();
        for (std::size_t i = 0; i < utf8.size(); ++i) {
            const auto byte = static_cast<unsigned char>(utf8[i]);
            if (byte < 0x80) {
                bytes += utf8[i];
            } else if (byte <= 0xC3 && i + 1 < utf8.size()) {
                bytes += static_cast<char>((byte & 3) << 6 | (utf8[++i] & 0x3F));
            } else {
                fail("a text that stands for bytes holds a character beyond Latin-1");
            }
        }
        return keep(std::move(bytes));
    };
    const bool textAndCode = arguments.size() == 2 && arguments[0].is(Type::Text) && arguments[1].is(Type::Text)
        && (arguments[1].text() == "latin1" || arguments[1].text() == "latin-1");
    if (use.module == "_codecs" && use.name == "encode" && textAndCode) {
        push(PickleValue::ofText(Type::Bytes, latin1(arguments[0])));
        return true;
    }
    if (use.module != "builtins")
        return false;
    if (use.name == "bytearray" && (arguments.empty() || textAndCode || (arguments.size() == 1 && arguments[0].is(Type::Bytes)))) {
        push(PickleValue::ofText(Type::ByteArray, arguments.empty() ? std::string_view("")
                                                  : textAndCode     ? latin1(arguments[0])
                                                                    : arguments[0].text()));
        return true;
    }
    if ((use.name == "set" || use.name == "frozenset") && arguments.size() == 1 && arguments[0].isSequence()) {
        push(PickleValue::ofNode(use.name == "set" ? Type::Set : Type::FrozenSet, arguments[0].index));
        return true;
    }
    return false;
}

void PickleMachine::call(PickleValue callable, PickleValue arguments, bool isNew, PickleValue keywords)
{
    if (!arguments.is(Type::Tuple))
        fail("the arguments of a call are no tuple");
    if (!callable.is(Type::Global) && !callable.is(Type::Call))
        fail("something is called that is neither a class nor a function");
    const Values &values = m_graph.nodes[arguments.index];
    noteCalled(callable, values);
    if (!isNew && fold(callable, values))
        return;
    m_budget.take(sizeof(PickleCall) * 2);
    PickleCall &made = m_graph.calls.emplace_back();
    made.callable = callable;
    made.arguments = arguments;
    made.keywords = keywords;
    made.isNew = isNew;
    push(PickleValue::ofNode(Type::Call, m_graph.calls.size() - 1));
}

void PickleMachine::build()
{
    const PickleValue state = pop();
    const PickleValue target = top();
    if (target.is(Type::Dict))
        return; // attributes of an OrderedDict: a state dict's _metadata
    if (!target.is(Type::Call))
        fail("BUILD on something that is no object");
    PickleCall &object = m_graph.calls[target.index];
    if (object.hasState)
        m_warn(fmt::format("{}: an object receives its state twice", m_part));
    object.state = state;
    object.hasState = true;
}

void PickleMachine::dropped(PickleValue value)
{
    if (value.is(Type::Call))
        m_warn(fmt::format("{}: the result of a call ({}) is thrown away", m_part, displayText(m_graph.fullName(value))));
}

} // namespace rekey
