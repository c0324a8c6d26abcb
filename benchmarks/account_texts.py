"""The texts of a large account: thousands of templates in six languages, and what people answer.

A text is put together from an opening, a middle and an end, so that no two templates share most of their
words. `{name}`, `{code}`, `{amount}`, `{time}`, `{link}`, `{number}` and `{item}` are filled in for every
message.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import product

ACCOUNTS = 4
TEMPLATES = {"en": 1_200, "es": 360, "fr": 240, "de": 240, "pt": 160, "pl": 120}
NAMES = (
    "Ana",
    "Marcus",
    "Priya",
    "Tom",
    "Lucia",
    "Wei",
    "Fatima",
    "Jonas",
    "Olivia",
    "Diego",
    "Grace",
    "Ivan",
)


@dataclass(frozen=True)
class OutboundText:
    """A template of one account, in one language; an offer goes to many, other news to one person."""

    account: int
    language: str
    is_offer: bool
    text: str


@dataclass(frozen=True)
class InboundText:
    """What a person writes; `is_stop` of those who want to be left alone."""

    language: str
    is_stop: bool
    text: str


def outbound_texts(seed: int) -> list[OutboundText]:
    """All templates: for each account and language some that tell news of an order
    and some that offer something."""
    chosen = random.Random(seed)
    texts: list[OutboundText] = []
    for language, count in TEMPLATES.items():
        words = _WORDS[language]
        parts = list(product(words.openings, words.middles, words.ends))
        for opening, middle, end in chosen.sample(parts, min(count, len(parts))):
            number = len(texts)
            is_offer = number % 3 == 0
            text = f"{opening} {middle} {end}" + (f" {words.stop}" if is_offer else "")
            if is_offer and number % 9 == 0:
                text = f"{chosen.choice(_SIGNS)} {text}"
            texts.append(OutboundText((number // 3) % ACCOUNTS, language, is_offer, text))
    return texts


def items_of(language: str) -> tuple[str, ...]:
    """What an `{item}` can be in a language."""
    return _WORDS[language].items


def inbound_texts() -> list[InboundText]:
    """What people answer in each language: plain answers, questions, keywords,
    and wishes to be left alone."""
    return [
        InboundText(language, is_stop, text)
        for language, words in _WORDS.items()
        for is_stop, said in ((True, words.stops), (False, (*words.answers, *_SHORT)))
        for text in said
    ]


@dataclass(frozen=True)
class _Words:
    openings: tuple[str, ...]
    middles: tuple[str, ...]
    ends: tuple[str, ...]
    stop: str
    stops: tuple[str, ...]
    answers: tuple[str, ...]
    items: tuple[str, ...]


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.strip().splitlines())


_SIGNS = ("🎉", "🔥", "⏰", "❤️", "🚚", "✨")
_SHORT = ("1", "2", "Ok", "👍", "Ok {name}", "{number}", "{time}?", "🙏🙏")

_WORDS = {
    "en": _Words(
        _lines("""
            Hi {name}, a quick note from Northwind:
            Hello {name}, this is Dr. Harper's practice.
            Harbor Bank alert:
            Your Parcelbird courier writes:
            Hi {name}, thank you for shopping at Fernhill.
            Maple Dental for {name}:
            City Utilities, account {number}:
            Good news from Sparrow Coffee.
            Reminder for {name} from Bluebell Vets:
            Ridgeway School office:
            Dear {name}, the team at Quarry Gym here.
            Tidewater Airlines, booking {number}:
            Oakline Insurance about policy {number}:
            Juniper Salon is looking forward to seeing you.
            Message from Cobalt Motors service desk:
            {code} is what you asked for at Lantern.
        """),
        _lines("""
            we have packed your {item} and handed it to the carrier this morning.
            your appointment is booked for {time} with our senior colleague.
            a card payment of ${amount} was approved at a merchant near you.
            the balance due by Friday comes to ${amount} including late fees.
            somebody signed in from a new device at {time}; was that you?
            the doors open at {time} and seats are given out in order of arrival.
            everything in the {item} range costs a third less until Sunday night.
            we could not reach anybody at the address, so we try again at {time}.
            the results that you were waiting for can be read in your portal.
            your prescription number {number} is ready behind the front counter.
            a technician arrives between {time} and the early afternoon.
            members save ${amount} on their next visit when they book today.
            flight boarding moved to gate {number} and starts at {time}.
            the vaccination of your pet falls due within two weeks.
            lessons end one hour earlier tomorrow because of the storm.
            please rate how our agent handled ticket {number} last night.
            your {item} came back into stock and we kept a single one aside.
            the oil change and the brake check were finished at {time}.
            use {code} to confirm the transfer; nobody of us ever asks for it.
            a refund worth ${amount} is on its way to the original card.
        """),
        _lines("""
            Track every step under {link} whenever you like.
            Reply YES to keep the slot or call us before noon.
            Details wait at {link} for the next three days.
            If this was not you, lock the card at {link} now.
            Bring a photo ID and arrive ten minutes early, please.
            Questions? Our desk answers until eight tonight.
            Pay safely with two taps: {link}
            See the whole list on {link} while it lasts.
            No further action is needed from your side.
            To pick another date, open {link} and choose.
            Show this message at the entrance.
            We value your custom and hope to see you soon.
            Text HELP for assistance.
            Terms apply, see {link} for the small print.
        """),
        "Reply STOP to opt out",
        (
            "STOP",
            "stop",
            "Stop",
            "UNSUBSCRIBE",
            "cancel",
            "Please stop texting me",
            "take me off your list",
            "END",
        ),
        (
            "Thanks!",
            "Yes",
            "yes please",
            "No",
            "Who is this?",
            "Can I come at {time} instead?",
            "Running late, sorry",
            "Where is my order {number}?",
            "HELP",
            "START",
            "Is the {item} still available?",
            "I never got it 😡",
            "perfect, see you then",
            "That wasn’t me!",
            "Call me back please",
            "C",
            "wrong number I am not {name}",
            "how much is it in total",
            "Great service, thank you {name} 😀",
            "YES",
        ),
        (
            "kettle",
            "desk lamp",
            "running shoes",
            "winter coat",
            "garden chair",
            "headphones",
            "coffee grinder",
            "backpack",
        ),
    ),
    "es": _Words(
        _lines("""
            Hola {name}, le escribe Farmacia Central.
            Banco Litoral informa:
            Estimada {name}, aquí la consulta del Dr. Rivas.
            Tu pedido en Tienda Azul:
            Hola {name}, somos Gimnasio Norte.
            Aviso de Aguas del Valle, cuenta {number}:
            Mensajería Colibrí para {name}:
            Hola {name}, gracias por elegir Óptica Luz.
            Escuela Las Palmas comunica:
            Taller Moreno le avisa:
        """),
        _lines("""
            su cita queda confirmada para las {time} de mañana.
            hemos enviado su {item} y llegará antes del jueves.
            se aprobó un cargo de {amount} con la tarjeta terminada en {number}.
            el código {code} sirve una sola vez y caduca pronto.
            tiene una factura pendiente por {amount} desde hace quince días.
            el repartidor no encontró a nadie y volverá a las {time}.
            todas las ofertas de {item} terminan este domingo a medianoche.
            los resultados del análisis ya están disponibles para usted.
            la clase empieza media hora más tarde por las obras.
            su coche está listo y puede recogerlo hasta las {time}.
            ganó un descuento de {amount} para la próxima compra.
            detectamos un acceso nuevo desde otro teléfono.
        """),
        _lines("""
            Más información en {link} cuando guste.
            Responda SI para confirmar o llame antes del mediodía.
            Siga el envío aquí: {link}
            Si no fue usted, bloquee la tarjeta en {link} ahora.
            Traiga un documento con foto, por favor.
            Pague con toda seguridad: {link}
            No hace falta que haga nada más.
            ¡Gracias por su confianza!
            Para cambiar la fecha visite {link} hoy.
            Atendemos dudas hasta las ocho.
        """),
        "Responda ALTO para no recibir más",
        ("STOP", "Stop", "no me escriban más", "stop", "CANCEL"),
        (
            "Gracias",
            "Sí, confirmo",
            "¿A qué hora?",
            "no puedo a las {time}",
            "¿Quién es?",
            "Vale, perfecto",
            "mañana paso",
            "¿Cuánto cuesta el {item}?",
            "no soy {name}",
            "Muchas gracias {name} 😊",
            "SI",
        ),
        ("libro", "vestido", "reloj", "sofá", "móvil", "bolso"),
    ),
    "fr": _Words(
        _lines("""
            Bonjour {name}, ici la clinique Saint-Roch.
            Banque Horizon vous informe :
            Bonjour {name}, merci d’avoir choisi Maison Verte.
            Colis Express pour {name} :
            École des Tilleuls :
            Garage Perrin vous signale :
            Eaux du Midi, contrat {number} :
            Bonjour {name}, le salon Lumière vous attend.
        """),
        _lines("""
            votre rendez-vous est fixé à {time} demain matin.
            nous avons expédié votre {item} cet après-midi.
            un paiement de {amount} EUR a été accepté à {time}.
            le code {code} reste valable dix minutes.
            une facture de {amount} EUR arrive à échéance vendredi.
            le livreur repassera vers {time} à la même adresse.
            tous nos articles {item} sont soldés jusqu'à dimanche.
            vos résultats peuvent être consultés dès maintenant.
            la séance commence une heure plus tard que prévu.
            la voiture est prête et vous attend jusqu'à {time}.
        """),
        _lines("""
            Suivez tout sur {link} à votre rythme.
            Répondez OUI pour confirmer.
            Réglez en deux gestes : {link}
            Si ce n'était pas vous, bloquez la carte sur {link} vite.
            Merci de venir dix minutes avant.
            Changez la date ici : {link}
            Aucune démarche n'est nécessaire.
            À très bientôt chez nous !
        """),
        "STOP pour ne plus recevoir",
        ("STOP", "Stop", "arrêtez de m'écrire", "ARRET"),
        (
            "Merci",
            "Oui",
            "Non merci",
            "Qui êtes-vous ?",
            "je serai en retard",
            "à {time} plutôt ?",
            "Où est mon {item} ?",
            "d’accord",
            "OUI",
            "merci beaucoup {name} 😊",
        ),
        ("lampe", "manteau", "vélo", "chaise", "montre"),
    ),
    "de": _Words(
        _lines("""
            Hallo {name}, hier ist die Praxis am Markt.
            Nordbank informiert:
            Hallo {name}, danke für den Einkauf bei Grünhaus.
            Paketdienst Schwalbe für {name}:
            Stadtwerke, Vertrag {number}:
            Autohaus Keller meldet:
            Grundschule am See:
            Hallo {name}, Studio Balance freut sich auf dich.
        """),
        _lines("""
            Ihr Termin ist morgen um {time} bei Frau Doktor Weiß.
            wir haben Ihre Bestellung ({item}) heute verschickt.
            eine Zahlung von {amount} EUR wurde um {time} freigegeben.
            der Code {code} gilt zehn Minuten lang.
            die Rechnung über {amount} EUR ist am Freitag fällig.
            der Bote kommt gegen {time} noch einmal vorbei.
            alles aus der Reihe {item} kostet bis Sonntag weniger.
            die Befunde liegen jetzt im Portal bereit.
            der Kurs beginnt wegen Bauarbeiten später.
            das Auto ist fertig und kann bis {time} geholt werden.
        """),
        _lines("""
            Alle Schritte stehen unter {link} bereit.
            Antworten Sie JA zur Bestätigung.
            Sicher bezahlen: {link}
            Waren Sie das nicht? Karte sperren: {link}
            Bitte zehn Minuten früher da sein.
            Anderer Tag gewünscht? {link}
            Sie müssen nichts weiter tun.
            Wir freuen uns auf Sie!
        """),
        "Abmelden mit STOP",
        ("STOP", "Stop", "bitte keine nachrichten mehr", "stopp"),
        (
            "Danke",
            "Ja",
            "Nein",
            "Wer ist da?",
            "komme später",
            "geht auch {time}?",
            "Wo bleibt {item}?",
            "JA",
            "passt, bis dann 👍",
            "falsche Nummer, nicht {name}",
        ),
        ("Lampe", "Mantel", "Fahrrad", "Stuhl", "Uhr"),
    ),
    "pt": _Words(
        _lines("""
            Hello {name}, aqui fala a Clínica Boa Vista.
            Banco Maré informa:
            Loja Girassol avisa {name}:
            Entregas Andorinha, pedido {number}:
            Academia Ritmo para {name}:
            Escola do Parque:
        """),
        _lines("""
            a sua consulta ficou marcada para as {time} de amanhã.
            enviamos o seu {item} hoje de manhã.
            compra aprovada no valor de R$ {amount} no seu cartão.
            use o código {code} dentro de cinco minutos.
            o boleto de R$ {amount} vence na sexta-feira.
            o entregador volta por volta das {time}.
            descontos em {item} somente até domingo.
            os exames já podem ser vistos no portal.
        """),
        _lines("""
            Acompanhe tudo em {link} quando quiser.
            Responda SIM para confirmar.
            Pague com segurança: {link}
            Não foi você? Bloqueie em {link} agora.
            Chegue dez minutos antes, por favor.
            Obrigado pela preferência!
        """),
        "Responda SAIR para cancelar",
        ("STOP", "Stop", "não quero mais receber"),
        (
            "Obrigado",
            "Sim",
            "Não",
            "Quem fala?",
            "pode ser às {time}?",
            "Cadê o {item}?",
            "SIM",
            "valeu {name} 😀",
        ),
        ("tênis", "relógio", "casaco", "livro"),
    ),
    "pl": _Words(
        _lines("""
            Przychodnia Zdrowie przypomina:
            Bank Wisła informuje:
            Kurier Jaskółka, przesyłka {number}:
            Sklep Słonecznik dziękuje za zakupy.
            Siłownia Rytm pisze:
            Wodociągi Miejskie, konto {number}:
        """),
        _lines("""
            wizyta została umówiona na jutro o {time}.
            wysłaliśmy dziś twoje zamówienie: {item}.
            płatność {amount} PLN została przyjęta.
            kod {code} jest ważny przez pięć minut.
            rachunek na {amount} PLN mija w piątek.
            kurier wróci około {time} pod ten adres.
            wyniki badań są już dostępne.
        """),
        _lines("""
            Szczegóły: {link}
            Odpisz TAK, aby potwierdzić.
            Zapłać bezpiecznie: {link}
            To nie ty? Zablokuj kartę: {link}
            Prosimy przyjść wcześniej.
            Dziękujemy i do zobaczenia!
        """),
        "Odpisz STOP aby zrezygnować",
        ("STOP", "Stop", "proszę więcej nie pisać"),
        ("Dziękuję", "Tak", "Nie", "Kto to?", "a o {time}?", "gdzie jest {item}?", "TAK"),
        ("książka", "kurtka", "zegarek"),
    ),
}
