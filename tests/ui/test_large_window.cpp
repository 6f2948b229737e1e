// SPDX-License-Identifier: GPL-3.0-or-later
// 100,000 keys on each side: the window answers all the while. Prints the longest time that its thread was busy.
#include "tests/ui/windowtest.h"

#include "ui/document/ruleedits.h"
#include "ui/models/keytreemodel.h"
#include "ui/views/keytreepanel.h"
#include "ui/views/keytreeview.h"
#include "ui/views/mappage.h"
#include "ui/views/maptoolbar.h"
#include "ui/views/rulesview.h"

#include <QScrollBar>

#include <time.h>

#include <atomic>
#include <chrono>
#include <iostream>
#include <thread>

namespace rekey::ui {

namespace {

using Clock = std::chrono::steady_clock;

/// Of this thread, in milliseconds. Unlike the time on the wall it does not count what other programs take.
double processorTime()
{
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

/// Asks the window's thread for a sign of life every few milliseconds, from another one. The longest wait is the longest
/// block on the wall; the most processor time between two signs is how much of it was the window's own work.
class Heartbeat
{
public:
    Heartbeat()
        : m_thread([this] { beat(); })
    {
    }
    ~Heartbeat()
    {
        m_stop = true;
        m_thread.join();
    }

    struct Longest { double wall = 0, own = 0; };
    /// In milliseconds, since the last call.
    Longest longest() { return std::exchange(m_longest, Longest()); }

private:
    void beat()
    {
        while (!m_stop) {
            if (!m_pending.exchange(true)) {
                QMetaObject::invokeMethod(
                    &m_receiver,
                    [this, asked = Clock::now()] {
                        m_longest.wall = std::max(m_longest.wall, std::chrono::duration<double, std::milli>(Clock::now() - asked).count());
                        const double now = processorTime();
                        m_longest.own = std::max(m_longest.own, now - m_lastSign);
                        m_lastSign = now;
                        m_pending = false;
                    },
                    Qt::QueuedConnection);
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
    }

    QObject m_receiver;
    Longest m_longest;                    ///< of the window's thread
    double m_lastSign = processorTime();
    std::atomic<bool> m_stop = false, m_pending = false;
    std::thread m_thread; ///< last: it uses the others
};

constexpr int keys = 100'000;
constexpr double longestAllowed = 400; ///< ms of the window's own work

/// Half in repeated blocks, half with names of their own, which no tree can fold.
Schema large(const char *blocks, const char *norm, const char *module)
{
    Schema made;
    std::uint32_t index = 0;
    for (int block = 0; block < keys / 8; ++block) {
        const std::string prefix = std::string(blocks) + "." + std::to_string(block) + ".";
        for (const char *leaf : {"weight", "bias"}) {
            made.tensors.push_back({prefix + norm + "." + leaf, {64}, DType::F32, index++});
            made.tensors.push_back({prefix + "mlp." + leaf, {64, 16}, DType::F32, index++});
        }
    }
    for (int word = 0; word < keys / 2; ++word) {
        std::string name;
        for (int rest = word, letter = 0; letter < 4; ++letter, rest /= 26)
            name += static_cast<char>('a' + rest % 26);
        made.tensors.push_back({std::string(module) + "." + name + ".weight", {32}, DType::F32, index++});
    }
    return made;
}

void writeSchema(const std::filesystem::path &path, const Schema &schema)
{
    std::ofstream file(path);
    file << R"({"name":"large","tensors":[)";
    for (std::size_t i = 0; i < schema.tensors.size(); ++i) {
        const SchemaTensor &tensor = schema.tensors[i];
        file << (i > 0 ? "," : "") << R"({"key":")" << tensor.key << R"(","dtype":"F32","shape":[)" << tensor.shape.front();
        if (tensor.shape.size() > 1)
            file << "," << tensor.shape[1];
        file << "]}";
    }
    file << "]}";
}

class LargeWindow : public WindowTest
{
protected:
    void report(Heartbeat &heartbeat, const char *what)
    {
        QTest::qWait(20);
        const auto longest = heartbeat.longest();
        std::cout << "longest block while " << what << ": " << longest.own << " ms of its own, " << longest.wall << " ms on the wall"
                  << std::endl;
        EXPECT_LT(longest.own, longestAllowed) << what;
    }
};

} // namespace

TEST_F(LargeWindow, NothingFreezesWithAHundredThousandKeys)
{
    const std::filesystem::path root(folder.path().toStdString());
    writeSchema(root / "source.json", large("enc.blocks", "norm", "odd"));
    writeSchema(root / "target.json", large("vis.layers", "layer_norm", "strange"));
    // With rules at hand nothing is suggested; how long that takes is core's measurement.
    Mapping mapping;
    mapping.rules = {rule("enc.blocks.{i}.norm.{leaf}", "vis.layers.{i}.layer_norm.{leaf}"),
                     rule("enc.blocks.{i}.mlp.{leaf}", "vis.layers.{i}.mlp.{leaf}"), rule("odd.{name}.weight", "strange.{name}.weight")};
    saveMapping(mapping, root / "large.rekey.json");
    Heartbeat heartbeat;
    session->openMapping(root / "large.rekey.json");
    session->openPair(root / "source.json", root / "target.json");
    ASSERT_TRUE(waitFor([this] { return session->hasPair(); }, 60000));
    report(heartbeat, "opening 2 x 100,000 keys");
    ASSERT_TRUE(waitFor([this] { return settled() && session->document().resolution()->count(TargetStatus::Filled) == std::size_t(keys); },
                        60000));
    report(heartbeat, "resolving");

    MapPage *map = window->map();
    window->showRoom(MainWindow::Map);
    KeyTreeView *view = map->panel(Side::Source)->view();
    const QModelIndex odd = view->keys()->index(view->keys()->rowCount() - 1, 0);
    view->expand(odd);
    report(heartbeat, "expanding 50,000 rows");
    QScrollBar *bar = view->verticalScrollBar();
    for (int step = 0; step <= 60; ++step) {
        bar->setValue(bar->maximum() * step / 60);
        QTest::qWait(5);
    }
    report(heartbeat, "scrolling through them");
    session->selectRule(2);
    report(heartbeat, "selecting a rule of 50,000 keys");
    map->edits().reject({1});
    ASSERT_TRUE(waitFor([this] { return settled() && session->document().resolution()->count(TargetStatus::Missing) > 0; }, 60000));
    report(heartbeat, "rejecting a rule");
    QTest::keyClick(window.get(), Qt::Key_F7);
    report(heartbeat, "going to the next question");
    map->toolBar()->filter()->setText(QStringLiteral("zzb"));
    ASSERT_TRUE(waitFor([&] { return view->keys()->rowCount() == 1; }, 20000));
    report(heartbeat, "filtering");
    map->toolBar()->filter()->clear();
    ASSERT_TRUE(waitFor([&] { return view->keys()->rowCount() > 1; }, 20000));
    report(heartbeat, "clearing the filter");
    map->rules()->editRule(1);
    report(heartbeat, "editing a rule");
}

} // namespace rekey::ui
