// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/usualtarget.h"

#include "core/mapping/architectures.h"
#include "ui/jobs/job.h"

namespace rekey::ui {

UsualTarget::UsualTarget(Session &session, QObject *parent)
    : QObject(parent)
    , m_session(session)
{
    connect(&session, &Session::opened, this, &UsualTarget::recogniseSource);
}

QString UsualTarget::name() const
{
    return m_schema ? QString::fromStdString(m_schema->name) : QString();
}

bool UsualTarget::open()
{
    if (m_schema)
        m_session.openSchema(Side::Target, checkpointFromSchema(*m_schema));
    return m_schema != nullptr;
}

void UsualTarget::recogniseSource()
{
    m_text.clear();
    m_schema = nullptr;
    const CheckpointPtr source = m_session.checkpoint(Side::Source);
    if (!source || m_session.checkpoint(Side::Target))
        return;
    struct Usual
    {
        QString text;
        std::shared_ptr<const Schema> schema;
    };
    m_session.jobs().start(
        this, QStringLiteral("recognise"), tr("Looking at the source"),
        [source](const Progress &) -> Usual {
            const auto known = recognise(source->schema());
            if (!known)
                return {};
            const Naming *other = nullptr;
            for (const Naming &naming : known->architecture->namings) {
                if (&naming != known->naming && other == nullptr)
                    other = &naming;
            }
            Usual usual{tr("The source looks like %1, as %2 names it.")
                            .arg(QString::fromStdString(known->architecture->name), QString::fromStdString(known->naming->name)),
                        nullptr};
            if (other == nullptr)
                return usual;
            const Mapping mapping = namingMapping(*known->architecture, known->naming->id, other->id);
            Schema schema = outputSchema(mapping, source->schema());
            if (schema.tensors.empty())
                return usual;
            schema.name = other->layout;
            usual.schema = std::make_shared<const Schema>(std::move(schema));
            usual.text += QLatin1Char(' ') + tr("Its usual target is the %1.").arg(QString::fromStdString(other->layout));
            return usual;
        },
        [this](const Usual &usual) {
            m_schema = usual.schema;
            m_text = usual.text;
            Q_EMIT changed();
        });
}

} // namespace rekey::ui
