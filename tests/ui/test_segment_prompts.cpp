// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/imagestrip.h"
#include "ui/segment/promptmodel.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>

#include <gtest/gtest.h>

namespace rekey::ui {
namespace {

TEST(PromptModel, EveryChangeIsOneUndoStep)
{
    PromptModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Fatal);
    model.add(Prompt::point({10, 20}));
    model.add(Prompt::point({30, 40}, false));
    model.add(Prompt::boxed(QRectF(1, 2, 100, 50)));
    model.setShown(1, false);
    model.remove(0);
    EXPECT_EQ(model.undoStack().count(), 5);
    ASSERT_EQ(model.prompts().size(), 2);

    model.undoStack().undo();
    ASSERT_EQ(model.prompts().size(), 3);
    EXPECT_EQ(model.prompts().first().kind, Prompt::Kind::Box);
    model.undoStack().undo();
    EXPECT_TRUE(model.prompts()[1].isShown);
    model.undoStack().undo();
    model.undoStack().undo();
    model.undoStack().undo();
    EXPECT_TRUE(model.prompts().isEmpty());
    model.undoStack().redo();
    ASSERT_EQ(model.prompts().size(), 1);
    EXPECT_EQ(model.prompts().first().position, QPointF(10, 20));
}

TEST(PromptModel, NothingChangedIsNoStep)
{
    PromptModel model;
    model.clear();
    model.remove(3);
    model.add(Prompt::point({1, 1}));
    model.setShown(0, true);
    EXPECT_EQ(model.undoStack().count(), 1);
}

TEST(PromptModel, ABoxReplacesTheBox)
{
    PromptModel model;
    model.add(Prompt::boxed(QRectF(0, 0, 10, 10)));
    model.add(Prompt::boxed(QRectF(5, 5, 20, 20)));
    ASSERT_EQ(model.prompts().size(), 1);
    EXPECT_EQ(model.prompts().first().box(), QRectF(5, 5, 20, 20));
    model.undoStack().undo();
    EXPECT_EQ(model.prompts().first().box(), QRectF(0, 0, 10, 10));
}

TEST(PromptModel, HiddenPromptsAreNotGivenToModels)
{
    PromptModel model;
    model.add(Prompt::point({320, 220}));
    model.add(Prompt::point({400, 400}, false));
    model.add(Prompt::boxed(QRectF(QPointF(165, 75), QPointF(470, 375))));
    Prompts given = model.forModels();
    ASSERT_TRUE(given.box.has_value());
    EXPECT_EQ(*given.box, (PromptBox{165, 75, 470, 375}));
    EXPECT_EQ(given.points, (std::vector<PromptPoint>{{320, 220, true}, {400, 400, false}}));
    model.setShown(0, false);
    model.setShown(2, false);
    given = model.forModels();
    EXPECT_FALSE(given.box.has_value());
    EXPECT_EQ(given.points, (std::vector<PromptPoint>{{320, 220, true}}));
}

TEST(PromptModel, SaysWhatARowIs)
{
    PromptModel model;
    model.add(Prompt::boxed(QRectF(QPointF(165, 75), QPointF(470, 375))));
    model.add(Prompt::point({400, 400}, false));
    EXPECT_EQ(model.index(0).data(PromptModel::DetailRole).toString(), QStringLiteral("165, 75 to 470, 375 · 305×300 px"));
    EXPECT_EQ(model.index(1).data().toString(), QStringLiteral("Background point"));
    EXPECT_EQ(model.index(1).data(PromptModel::DetailRole).toString(), QStringLiteral("400, 400"));
}

TEST(DemoPictures, BeginWithTheDahliaAndItsPoint)
{
    const QList<StripPicture> pictures = demoPictures();
    ASSERT_EQ(pictures.size(), 6);
    EXPECT_EQ(pictures[0].title, QStringLiteral("Dahlia"));
    EXPECT_EQ(pictures[0].path.filename(), "flower.jpg");
    EXPECT_EQ(pictures[0].prompts, QList<Prompt>{Prompt::point({320, 220})});
    // A box leads; points keep their labels.
    EXPECT_EQ(pictures[5].title, QStringLiteral("Toys"));
    ASSERT_EQ(pictures[5].prompts.size(), 2);
    EXPECT_EQ(pictures[5].prompts[0].box(), QRectF(QPointF(54, 98), QPointF(288, 332)));
}

} // namespace
} // namespace rekey::ui
