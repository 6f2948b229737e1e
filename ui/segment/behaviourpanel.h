// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/segment/segmentdoor.h"

#include <QWidget>

class QVBoxLayout;

namespace rekey::ui {

class PanelHeader;

/// What the two implementations compute differently though their weights are the same, and a way to change it.
class BehaviourPanel : public QWidget
{
    Q_OBJECT
public:
    explicit BehaviourPanel(QWidget *parent = nullptr);
    /// Either may be empty: not known yet. `overrides` are the converted model's.
    void setBehaviour(const Behaviour &original, const Behaviour &converted, const Behaviour &overrides);

    static QString nameText(const std::string &key); ///< "LayerNorm eps, mask decoder"
    static QString valueText(double value); ///< "1e−5"

Q_SIGNALS:
    void overrideChosen(const QString &key, double value);
    void overrideRemoved(const QString &key);

private:
    void addRow(const QString &key, const QString &title, const QString &detail, double original, double converted, bool overridden);

    PanelHeader *m_header;
    QWidget *m_rows;
    QVBoxLayout *m_layout;
    Behaviour m_original, m_converted, m_overrides;
};

} // namespace rekey::ui
