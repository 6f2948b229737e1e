// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/outputpictures.h"

#include <QImage>
#include <QString>
#include <QWidget>

#include <memory>

namespace rekey::ui {

/// Which result is shown, and how.
struct OutputChoice
{
    std::size_t output = 0;
    OutputKind kind = OutputKind::HeatMap;
    std::size_t channel = 0;
    double threshold = 0;
    bool operator==(const OutputChoice &) const = default;
};

/// A result ready to paint, made off the GUI thread.
struct OutputPicture
{
    OutputKind kind = OutputKind::HeatMap;
    QImage picture; ///< null for scores
    std::vector<ClassScore> scores;
    double smallest = 0, largest = 0; ///< of a heat map
    QString error; ///< why it cannot be shown this way
};
OutputPicture outputPicture(const ScriptOutput &output, const OutputChoice &choice, const std::vector<std::string> &labels);

/// A picture as large as there is room, its pixels as squares when they are few; or bars of class scores.
class OutputView : public QWidget
{
    Q_OBJECT
public:
    explicit OutputView(QWidget *parent = nullptr);
    void setPicture(const QImage &picture);
    void setOutput(const OutputPicture &output);
    void clear(const QString &text);
    const OutputPicture &output() const { return m_output; }

protected:
    void paintEvent(QPaintEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void paintPicture(QPainter &painter, const QImage &picture);
    void paintScores(QPainter &painter);
    OutputPicture m_output;
    QString m_text;
};

} // namespace rekey::ui
