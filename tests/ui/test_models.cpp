// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/keyfilter.h"
#include "ui/models/keystatus.h"
#include "ui/models/keytreemodel.h"
#include "ui/models/problemsmodel.h"
#include "ui/models/rulesmodel.h"

#include <QAbstractItemModelTester>
#include <QElapsedTimer>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rekey::ui {

namespace {

using Mode = QAbstractItemModelTester::FailureReportingMode;

std::shared_ptr<const Schema> schema(std::initializer_list<std::pair<const char *, Shape>> rows)
{
    auto made = std::make_shared<Schema>();
    std::uint32_t index = 0;
    for (const auto &[key, shape] : rows)
        made->tensors.push_back({key, shape, DType::F32, index++});
    return made;
}

Rule rule(const char *source, const char *target, RuleState state = RuleState::Suggested)
{
    Rule made;
    made.sources.push_back(Pattern::parse(source));
    made.targets.push_back(Pattern::parse(target));
    made.state = state;
    made.confidence = 0.98;
    return made;
}

/// Two blocks with a norm and a head, under other names on the other side; `extra` on the target is filled by nobody.
struct Pair
{
    std::shared_ptr<const Schema> source = schema({{"enc.blocks.0.norm.weight", {4}},
                                                   {"enc.blocks.1.norm.weight", {4}},
                                                   {"dec.head.0.weight", {8, 4}},
                                                   {"dec.head.1.weight", {8, 4}}});
    std::shared_ptr<const Schema> target = schema({{"vis.layers.0.ln.weight", {4}},
                                                   {"vis.layers.1.ln.weight", {4}},
                                                   {"dec.proj.weight", {8, 4}},
                                                   {"dec.out.weight", {8, 4}},
                                                   {"vis.extra", {2}}});
    std::shared_ptr<const Mapping> mapping;
    std::shared_ptr<const Resolution> resolution;

    Pair()
    {
        auto made = std::make_shared<Mapping>();
        made->rules.push_back(rule("enc.blocks.{i}.norm.weight", "vis.layers.{i}.ln.weight", RuleState::Proven));
        Rule review = rule("dec.head.0.weight", "dec.proj.weight", RuleState::ToReview);
        Candidate first, second;
        first.sources.push_back(Pattern::parse("dec.head.0.weight"));
        first.targets.push_back(Pattern::parse("dec.proj.weight"));
        first.confidence = 0.64;
        second = first;
        second.targets.front() = Pattern::parse("dec.out.weight");
        second.confidence = 0.29;
        review.candidates = {first, second};
        made->rules.push_back(review);
        mapping = made;
        resolution = std::make_shared<const Resolution>(resolve(*mapping, *source, *target));
    }
};

std::string text(const QAbstractItemModel &model, const QModelIndex &parent = {}, int depth = 0)
{
    std::string lines;
    for (int row = 0; row < model.rowCount(parent); ++row) {
        const QModelIndex index = model.index(row, 0, parent);
        lines += std::string(static_cast<std::size_t>(2 * depth), ' ') + index.data().toString().toStdString() + "\n";
        lines += text(model, index, depth + 1);
    }
    return lines;
}

} // namespace

TEST(KeyTreeModelTest, FoldsAndFollowsFilters)
{
    const Pair pair;
    KeyTreeModel model(Side::Target);
    const QAbstractItemModelTester tester(&model, Mode::Fatal);
    const auto tree = std::make_shared<const KeyTree>(buildKeyTree(*pair.target, Folding::Folded));
    model.setTree(tree, pair.target);
    model.setStatuses(keyStatuses(Side::Target, *pair.resolution, *pair.mapping), pair.resolution, pair.mapping);
    const std::string whole = text(model);
    EXPECT_NE(whole.find("extra"), std::string::npos) << whole;

    const auto visible = [&](const QString &filter) {
        model.setVisible(
            std::make_shared<const std::vector<bool>>(visibleNodes(*tree, *pair.target, model.tensorStatuses(), KeyFilter(filter))));
        return text(model);
    };
    EXPECT_EQ(visible(QStringLiteral("proj")).find("extra"), std::string::npos);
    EXPECT_NE(visible(QStringLiteral("status:missing")).find("extra"), std::string::npos);
    EXPECT_NE(visible(QStringLiteral("shape:8x*")).find("proj"), std::string::npos);
    EXPECT_EQ(visible(QStringLiteral("dtype:F16")), "");
    EXPECT_NE(visible(QStringLiteral("/ln\\.w/")).find("layers"), std::string::npos);
    model.setVisible(nullptr);
    EXPECT_EQ(text(model), whole);
    model.setTree(nullptr, nullptr);
    EXPECT_EQ(model.rowCount(), 0);
}

TEST(KeyTreeModelTest, ShowsTheWorstStatusBelow)
{
    const Pair pair;
    KeyTreeModel model(Side::Target);
    model.setTree(std::make_shared<const KeyTree>(buildKeyTree(*pair.target, Folding::Folded)), pair.target);
    model.setStatuses(keyStatuses(Side::Target, *pair.resolution, *pair.mapping), pair.resolution, pair.mapping);
    for (int row = 0; row < model.rowCount(); ++row) {
        const QModelIndex index = model.index(row, 0);
        const auto status = static_cast<Status>(index.data(KeyTreeModel::StatusRole).toInt());
        if (index.data().toString().startsWith(QStringLiteral("vis"))) {
            EXPECT_EQ(status, Status::Missing) << "extra is missing";
        }
    }
}

TEST(KeyTreeModelTest, FramesTheTopmostRowThatIsWhollyAPartner)
{
    const Pair pair;
    KeyTreeModel model(Side::Source);
    const auto tree = std::make_shared<const KeyTree>(buildKeyTree(*pair.source, Folding::Folded));
    model.setTree(tree, pair.source);
    const auto framed = model.setPartners({0, 1});
    ASSERT_EQ(framed.size(), 1U);
    EXPECT_EQ(tree->nodes[framed.front()].keys, 2U);
    EXPECT_TRUE(model.indexOf(framed.front()).data(KeyTreeModel::PartnerRole).toBool());
    EXPECT_TRUE(model.setPartners({}).empty());
}

TEST(KeyTreeModelTest, ManyKeysStayWithinAFrame)
{
    auto big = std::make_shared<Schema>();
    for (std::uint32_t i = 0; i < 100'000; ++i)
        big->tensors.push_back({"model.block" + std::to_string(i) + ".weight", {4, 4}, DType::F32, i});
    const auto tree = std::make_shared<const KeyTree>(buildKeyTree(*big, Folding::Unfolded));
    KeyTreeModel model(Side::Source);
    model.setTree(tree, big);
    QElapsedTimer timer;
    timer.start();
    // What one frame of scrolling asks for: fifty rows, every role.
    QModelIndex parent = model.index(0, 0);
    while (model.rowCount(parent) == 1)
        parent = model.index(0, 0, parent);
    for (int row = 50'000; row < 50'050; ++row) {
        const QModelIndex index = model.index(row, 0, model.rowCount() > 50'050 ? QModelIndex() : parent);
        ASSERT_TRUE(index.isValid());
        for (const int role :
             {int(Qt::DisplayRole), int(KeyTreeModel::StatusRole), int(KeyTreeModel::TagRole), int(KeyTreeModel::DetailRole)})
            (void)index.data(role);
    }
    EXPECT_LT(timer.elapsed(), 16);
}

TEST(RulesModelTest, GroupsByFirstSegmentsWithCandidatesBelow)
{
    const Pair pair;
    RulesModel model;
    const QAbstractItemModelTester tester(&model, Mode::Fatal);
    model.setRules(pair.mapping, pair.resolution, pair.source, pair.target);
    ASSERT_EQ(model.rowCount(), 2);
    EXPECT_EQ(model.group(model.index(0, 0)).source, QStringLiteral("enc"));
    EXPECT_EQ(model.group(model.index(0, 0)).target, QStringLiteral("vis"));
    EXPECT_EQ(model.sourceText(0), QStringLiteral("blocks.{i}.norm.weight"));
    EXPECT_EQ(model.targetText(0), QStringLiteral("layers.{i}.ln.weight"));
    const QModelIndex review = model.indexOfRule(1);
    EXPECT_EQ(model.rowCount(review), 3) << "two candidates and their buttons";
    EXPECT_EQ(model.reviewText(1), QStringLiteral("2 candidates, equal shapes"));
    EXPECT_EQ(model.chosenCandidate(1), 0);
    model.chooseCandidate(1, 1);
    EXPECT_EQ(model.chosenCandidate(1), 1);
    // A missing key counts in the group of its neighbours.
    EXPECT_THAT(model.group(model.index(0, 0)).chips, ::testing::Contains(RulesModel::Chip{Status::Missing, 1}));
}

TEST(RulesModelTest, ShowsOpenOrMineOnly)
{
    const Pair pair;
    RulesModel model;
    const QAbstractItemModelTester tester(&model, Mode::Fatal);
    model.setRules(pair.mapping, pair.resolution, pair.source, pair.target);
    KeyFilter open;
    open.setOpenOnly(true);
    model.setFilter(RulesModel::Show::Open, open, {});
    EXPECT_EQ(model.shownRules(), 1U);
    model.setFilter(RulesModel::Show::ChangedByMe, {}, {});
    EXPECT_EQ(model.shownRules(), 0U);
    model.setFilter(RulesModel::Show::All, KeyFilter(QStringLiteral("norm")), {});
    EXPECT_EQ(model.shownRules(), 1U);
    model.setFilter(RulesModel::Show::All, KeyFilter(QStringLiteral("0")), {true, false});
    EXPECT_EQ(model.shownRules(), 2U) << "by its keys or by its text";
}

TEST(ProblemsModelTest, ListsTheWorstFirst)
{
    const Pair pair;
    ProblemsModel model;
    const QAbstractItemModelTester tester(&model, Mode::Fatal);
    model.setResolution(pair.resolution, pair.source, pair.target);
    ASSERT_GT(model.rowCount(), 0);
    for (int row = 1; row < model.rowCount(); ++row)
        EXPECT_GE(model.problem(model.index(row - 1)).severity, model.problem(model.index(row)).severity);
}

TEST(KeyFilterTest, SaysWhatIsClosest)
{
    const auto keys = schema({{"a.attn.qkv.weight", {1}}, {"b.attn.qkv.bias", {1}}, {"b.norm", {1}}});
    const auto closest = closestTerm(QStringLiteral("qvk"), *keys);
    ASSERT_TRUE(closest);
    EXPECT_EQ(closest->term, QStringLiteral("qkv"));
    EXPECT_EQ(closest->keys, 2);
    EXPECT_FALSE(closestTerm(QStringLiteral("zzzzzzzz"), *keys));
    EXPECT_FALSE(KeyFilter(QStringLiteral("shape:4xy")).error().isEmpty());
    EXPECT_FALSE(KeyFilter(QStringLiteral("/(/")).error().isEmpty());
}

} // namespace rekey::ui
