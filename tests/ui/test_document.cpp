// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/mappingdocument.h"
#include "ui/document/ruledraft.h"
#include "ui/document/rulesedit.h"
#include "ui/document/session.h"
#include "ui/jobs/job.h"
#include "ui/theme/displaytext.h"
#include "ui/window/settings.h"

#include "core/base/error.h"

#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>

#include <gtest/gtest.h>

namespace rekey::ui {

namespace {

Schema schema(std::initializer_list<std::pair<const char *, Shape>> rows)
{
    Schema made;
    std::uint32_t index = 0;
    for (const auto &[key, shape] : rows)
        made.tensors.push_back({key, shape, DType::F32, index++});
    return made;
}

Rule rule(const char *source, const char *target)
{
    Rule made;
    made.sources.push_back(Pattern::parse(source));
    made.targets.push_back(Pattern::parse(target));
    return made;
}

const Schema source = schema({{"a.0.w", {4}}, {"a.1.w", {4}}, {"b", {2, 2}}});
const Schema target = schema({{"x.0.w", {4}}, {"x.1.w", {4}}, {"y", {2, 2}}});

bool waitFor(const std::function<bool()> &condition)
{
    return QTest::qWaitFor(condition, 5000);
}

class DocumentTest : public ::testing::Test
{
protected:
    DocumentTest() { document.setPair(std::make_shared<const Schema>(source), std::make_shared<const Schema>(target)); }
    bool resolved() { return waitFor([this] { return document.isResolved(); }); }
    std::size_t filled() { return document.resolution()->count(TargetStatus::Filled); }

    Jobs jobs;
    MappingDocument document{jobs, nullptr};
};

} // namespace

TEST_F(DocumentTest, EveryChangeIsOneUndoStep)
{
    ASSERT_TRUE(resolved());
    EXPECT_EQ(filled(), 0U);
    document.insertRules(0, {rule("a.{i}.w", "x.{i}.w")}, QStringLiteral("Add"));
    ASSERT_TRUE(resolved());
    EXPECT_EQ(filled(), 2U);
    document.insertRules(1, {rule("b", "y")}, QStringLiteral("Add"));
    ASSERT_TRUE(resolved());
    EXPECT_EQ(filled(), 3U);
    EXPECT_TRUE(document.resolution()->complete());
    document.undoStack().undo();
    ASSERT_TRUE(resolved());
    EXPECT_EQ(filled(), 2U);
    document.undoStack().redo();
    document.removeRules({0, 1}, QStringLiteral("Remove"));
    ASSERT_TRUE(resolved());
    EXPECT_EQ(filled(), 0U);
    document.undoStack().undo();
    ASSERT_TRUE(resolved());
    EXPECT_EQ(filled(), 3U);
}

TEST_F(DocumentTest, NothingHappensWhenNothingChanges)
{
    document.insertRules(0, {rule("b", "y")}, QStringLiteral("Add"));
    const int steps = document.undoStack().count();
    document.changeRule(0, document.mapping().rules[0], QStringLiteral("Edit"));
    document.removeRules({17}, QStringLiteral("Remove"));
    EXPECT_EQ(document.undoStack().count(), steps);
}

TEST_F(DocumentTest, NeighboursWithOneKeyMerge)
{
    for (const char *pattern : {"x.0", "x.0.", "x.0.w"}) {
        Mapping next = document.mapping();
        next.rules = {rule("a.0.w", pattern)};
        document.change(next, QStringLiteral("Edit"), QStringLiteral("typing"));
    }
    EXPECT_EQ(document.undoStack().count(), 1);
    document.undoStack().undo();
    EXPECT_TRUE(document.mapping().rules.empty());
}

TEST_F(DocumentTest, SavedIsClean)
{
    document.insertRules(0, {rule("b", "y")}, QStringLiteral("Add"));
    EXPECT_TRUE(document.isModified());
    document.markSaved("m.rekey.json");
    EXPECT_FALSE(document.isModified());
    document.undoStack().undo();
    EXPECT_TRUE(document.isModified());
}

TEST(RulesEditTest, APersonsRuleComesFirstAndReplacesWhatIsLeftWithNothing)
{
    Mapping mapping;
    mapping.rules = {rule("a.{i}.w", "x.{i}.w"), rule("b", "y")};
    std::uint32_t first = none;
    const Mapping next = withRulesPreferred(mapping, {rule("a.0.w", "x.1.w"), rule("a.1.w", "x.0.w")}, source, target, &first);
    EXPECT_EQ(first, 0U);
    ASSERT_EQ(next.rules.size(), 3U) << "the general rule has nothing left";
    EXPECT_EQ(withRulesPreferred(mapping, {rule("b", "x.0.w")}, source, target).rules.size(), 3U) << "the general rule is narrowed";
    const Resolution resolution = resolve(next, source, target);
    EXPECT_EQ(resolution.targets[0].rule, 1U);
    EXPECT_EQ(resolution.targets[1].rule, 0U);
    EXPECT_TRUE(resolution.complete());
}

TEST(RuleDraftTest, SaysWhereAPatternGoesWrong)
{
    const ParsedDraft wrong = parseDraft({QStringLiteral("a.{i}.w, b.{"), QStringLiteral("x"), {}}, {});
    ASSERT_TRUE(wrong.error);
    EXPECT_EQ(wrong.error->field, DraftField::Sources);
    EXPECT_GE(wrong.error->position, 9);
    EXPECT_FALSE(wrong.error->expected.isEmpty());
    EXPECT_TRUE(parseDraft({QStringLiteral("a"), {}, {}}, {}).error);
    const ParsedDraft good = parseDraft({QStringLiteral("a.{i}.w"), QStringLiteral("x.{i}.w"), {}}, {});
    EXPECT_FALSE(good.error);
    EXPECT_EQ(good.rule.state, RuleState::Accepted);
}

TEST(RuleDraftTest, CountsWhatItWouldFill)
{
    const Mapping mapping;
    const Resolution before = resolve(mapping, source, target);
    const DraftEffect effect
        = draftEffect({QStringLiteral("a.{i}.w"), QStringLiteral("x.{i}.w"), {}}, none, mapping, &before, source, target, {});
    EXPECT_EQ(effect.fillsMissing, 2U);
    EXPECT_EQ(effect.usesUnused, 2U);
    EXPECT_EQ(effect.status(), Status::Filled);
    EXPECT_TRUE(effect.text().contains(QStringLiteral("fills <b>2 missing</b>, uses <b>2 unused</b>"))) << effect.text().toStdString();
    const DraftEffect mismatched
        = draftEffect({QStringLiteral("b"), QStringLiteral("x.0.w"), {}}, none, mapping, &before, source, target, {});
    EXPECT_EQ(mismatched.status(), Status::Mismatched);
}

TEST(OpenQuestionsTest, ReviewsThenTargetsThenSources)
{
    Mapping mapping;
    Rule review = rule("b", "y");
    review.state = RuleState::ToReview;
    mapping.rules = {review};
    const Resolution resolution = resolve(mapping, source, target);
    const auto questions = openQuestions(mapping, resolution, buildKeyTree(source, Folding::Folded), buildKeyTree(target, Folding::Folded));
    ASSERT_EQ(questions.size(), 3U) << "one row stands for both blocks";
    EXPECT_EQ(questions[0].rule, 0U);
    EXPECT_NE(questions[1].targetNode, none);
    EXPECT_NE(questions[2].sourceNode, none);
    EXPECT_EQ(openKeys(resolution), 3U);
}

TEST(JobTest, DoneFailedAndCancelledAreThreeOutcomes)
{
    Jobs jobs;
    QObject receiver;
    int result = 0;
    Job *done = jobs.start(
        &receiver, {}, QStringLiteral("Adding"), [](const Progress &) { return 42; }, [&](int value) { result = value; });
    QSignalSpy doneFinished(done, &Job::finished);
    ASSERT_TRUE(doneFinished.wait());
    EXPECT_EQ(result, 42);

    Job *failing = jobs.start(
        &receiver, {}, QStringLiteral("Failing"), [](const Progress &) -> int { throw Error("f", "p", "is wrong"); }, [&](int) { FAIL(); });
    QSignalSpy failed(failing, &Job::failed);
    ASSERT_TRUE(failed.wait());
    EXPECT_TRUE(failed.front().front().toString().contains(QStringLiteral("is wrong")));

    const auto forever = [](const Progress &progress) -> int {
        for (;;) {
            progress.check();
            QThread::msleep(1);
        }
    };
    Job *running = jobs.start(&receiver, {}, QStringLiteral("Waiting"), forever, [&](int) { FAIL(); });
    QSignalSpy cancelled(running, &Job::cancelled);
    running->cancel();
    ASSERT_TRUE(cancelled.wait());
    EXPECT_TRUE(waitFor([&] { return jobs.running().isEmpty(); }));
}

TEST(JobTest, TheNewestOfASlotWinsAndAGoneReceiverIsHarmless)
{
    Jobs jobs;
    QObject receiver;
    int last = 0;
    for (int i = 1; i <= 20; ++i)
        jobs.start(
            &receiver, QStringLiteral("slot"), QStringLiteral("Work"), [i](const Progress &) { return i; },
            [&](int value) { last = value; });
    ASSERT_TRUE(waitFor([&] { return jobs.running().isEmpty(); }));
    EXPECT_EQ(last, 20);
    auto gone = std::make_unique<QObject>();
    bool called = false;
    jobs.start(gone.get(), {}, QStringLiteral("Work"), [](const Progress &) { return 1; }, [&](int) { called = true; });
    gone.reset();
    ASSERT_TRUE(waitFor([&] { return jobs.running().isEmpty(); }));
    EXPECT_FALSE(called);
}

TEST(SessionTest, SelectingOneSideSelectsThePartners)
{
    QTemporaryDir folder;
    Settings settings(folder.filePath(QStringLiteral("s.ini")));
    Jobs jobs;
    Session session(jobs, settings);
    session.setCheckpoints(checkpointFromSchema(source), checkpointFromSchema(target));
    Mapping mapping;
    mapping.rules = {rule("a.{i}.w", "x.{i}.w"), rule("b", "y")};
    session.document().load(mapping, {});
    ASSERT_TRUE(waitFor([&] { return session.document().isResolved() && session.document().resolution()->complete(); }));
    session.selectTensors(Side::Source, {1});
    EXPECT_EQ(session.selection().target, std::vector<std::uint32_t>{1});
    EXPECT_EQ(session.selection().rule, 0U);
    session.selectRule(1);
    EXPECT_EQ(session.selection().source, std::vector<std::uint32_t>{2});
    EXPECT_EQ(session.selection().target, std::vector<std::uint32_t>{2});
}

TEST(SessionTest, AFileThatCannotBeReadIsAValue)
{
    QTemporaryDir folder;
    Settings settings(folder.filePath(QStringLiteral("s.ini")));
    Jobs jobs;
    Session session(jobs, settings);
    session.open(Side::Target, folder.filePath(QStringLiteral("none.safetensors")).toStdString());
    ASSERT_TRUE(waitFor([&] { return session.failure(Side::Target) != nullptr; }));
    EXPECT_FALSE(session.openError(Side::Target).isEmpty());
    EXPECT_EQ(session.failure(Side::Target)->file, QStringLiteral("none.safetensors"));
    EXPECT_FALSE(session.checkpoint(Side::Target));
}

TEST(DisplayTextTest, WordsNumbersAsTheRestOfTheWindow)
{
    QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates));
    EXPECT_EQ(countText(2268008), QStringLiteral("2,268,008"));
    EXPECT_EQ(shortCountText(2068000), QStringLiteral("2.07 M"));
    EXPECT_EQ(shortCountText(1868), QStringLiteral("1.9 k"));
    EXPECT_EQ(bytesText(9125888), QStringLiteral("8.7 MiB"));
    EXPECT_EQ(durationText(41.2), QStringLiteral("41 ms"));
    EXPECT_EQ(durationText(1234), QStringLiteral("1.2 s"));
    EXPECT_EQ(numberText(-0.4207), QStringLiteral("−0.4207"));
    EXPECT_EQ(numberText(-0.00001), QStringLiteral("0.0000"));
    EXPECT_EQ(errorText(1.8e-4), QStringLiteral("1.8 × 10⁻⁴"));
    EXPECT_EQ(errorCellText(1.8e-4), QStringLiteral("1.8e−4"));
    EXPECT_EQ(confidenceText(0.999), QStringLiteral("0.99")) << "never rounded up to certainty";
    EXPECT_EQ(shapeText(Shape{480, 160}), QStringLiteral("480×160"));
}

} // namespace rekey::ui
