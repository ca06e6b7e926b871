# Request Tracker's own Perl API for the tests' witness: one JSON request a line on standard input,
# one JSON answer a line on standard output. It is RT itself, and neither its REST API nor our adapter.
use strict;
use warnings;
use lib '/usr/share/request-tracker5/lib';
use JSON ();
use RT -init;
use RT::Interface::Email;

my @AGENT_MAY = qw(
    SeeQueue ShowTicket ShowTicketComments CreateTicket ReplyToTicket CommentOnTicket ModifyTicket
    DeleteTicket OwnTicket TakeTicket StealTicket ReassignTicket Watch ForwardMessage
    SeeCustomField ModifyCustomField ShowOutgoingEmail
);

sub done {
    my ($ok, $message) = @_;
    die "$message\n" unless $ok;
    return $ok;
}

sub named {
    my ($class, $name) = @_;
    my $record = $class->new(RT->SystemUser);
    done($record->Load($name), "no $class $name");
    return $record;
}

# Rights on a queue. RT's own GrantRight checks each of them, which takes the most of a new account.
sub granted {
    my ($principal, $queue, @rights) = @_;
    my ($group) = RT::ACE->new(RT->SystemUser)->_CanonicalizePrincipal($principal->id, 'User');
    done($RT::Handle->Insert(
        'ACL',
        PrincipalType => 'Group',
        PrincipalId   => $group->id,
        RightName     => $_,
        ObjectType    => 'RT::Queue',
        ObjectId      => $queue->id,
    )) for @rights;
    RT::Principal->InvalidateACLCache();
}

# A queue with addresses of its own. Whoever writes to it may open tickets and answer.
sub queue {
    my ($name) = @_;
    my $queue = RT::Queue->new(RT->SystemUser);
    done($queue->Create(
        Name              => $name,
        CorrespondAddress => "$name\@desk.test",
        CommentAddress    => "$name-notes\@desk.test",
    ));
    my $everyone = RT::Group->new(RT->SystemUser);
    $everyone->LoadSystemInternalGroup('Everyone');
    done($everyone->PrincipalObj->GrantRight(Right => $_, Object => $queue))
        for qw(CreateTicket ReplyToTicket);
    return $queue;
}

# New tickets of a customer's, without a scrip and in one write of the database; their ids. RT asks
# of each group that somebody is in whether he may, and a customer is in one of each of his tickets.
sub opened {
    my ($queue, $email, $count) = @_;
    no warnings 'redefine';
    local *RT::Scrips::Prepare = sub { 0 };
    my $customer = RT::User->new(RT->SystemUser);
    done($customer->LoadOrCreateByEmail(EmailAddress => $email));
    $RT::Handle->BeginTransaction;
    my @ids = map {
        my ($id, undef, $message) = RT::Ticket->new(RT->SystemUser)->Create(
            Creator   => $customer->id,
            Queue     => $queue,
            Requestor => $email,
            Subject   => "one of many, $_",
            MIMEObj   => MIME::Entity->build(Type => 'text/plain', Data => 'One of many.'),
        );
        done($id, $message);
        $RT::Handle->SimpleQuery(
            "UPDATE Transactions SET Creator = ? WHERE ObjectType = 'RT::Ticket' AND ObjectId = ?",
            $customer->id, $id);
        $id;
    } 1 .. $count;
    $RT::Handle->Commit;
    return @ids;
}

sub token {
    my ($user) = @_;
    my $token = RT::AuthToken->new(RT->SystemUser);
    my ($ok, $message, $secret) = $token->Create(Owner => $user->id, Description => 'tests');
    done($ok, $message);
    return $secret;
}

my %answer = (
    # A new queue, another to move tickets to, and two ordinary agents who see nothing but the two;
    # less the rights that are named.
    account => sub {
        my ($name, @may_not) = @_;
        $RT::Handle->BeginTransaction;
        my %may = map { $_ => 1 } @AGENT_MAY;
        delete @may{@may_not};
        my ($agent, $colleague) = map {
            my $user = RT::User->new(RT->SystemUser);
            done($user->Create(
                Name         => "$_-$name",
                RealName     => ucfirst("$_ $name"),
                EmailAddress => "$_-$name\@desk.test",
                Privileged   => 1,
            ));
            $user;
        } qw(agent colleague);
        for my $queue (queue($name), queue("$name-team")) {
            granted($_->PrincipalObj, $queue, keys %may) for $agent, $colleague;
        }
        $RT::Handle->Commit;
        return {
            queue     => $name,
            team      => "$name-team",
            agent     => $agent->Name,
            colleague => $colleague->Name,
            token     => token($agent),
        };
    },

    # A right for an agent, on a queue or on the whole of RT.
    grant => sub {
        my ($agent, $right, $queue) = @_;
        my $object = defined $queue ? named('RT::Queue', $queue) : RT->System;
        done(named('RT::User', $agent)->PrincipalObj->GrantRight(Right => $right, Object => $object));
        return JSON::true;
    },

    # A queue that only the administrator sees.
    queue => sub {
        my ($name) = @_;
        my ($ok, $message) = RT::Queue->new(RT->SystemUser)->Create(Name => $name);
        done($ok, $message);
        return JSON::true;
    },

    token => sub { return token(named('RT::User', $_[0])) },

    # A user, by the fields that RT has for one.
    person => sub {
        my (%fields) = @_;
        my $person = RT::User->new(RT->SystemUser);
        done($person->Create(%fields));
        return JSON::true;
    },

    # Mails as the mail server would hand them over; the answer is the tickets they went to.
    # RT's own letters about them would take two thirds of the time, and nobody asks for them.
    mails => sub {
        my ($queue, @mails) = @_;
        no warnings 'redefine';
        local *RT::Action::SendEmail::Prepare = sub { 0 };
        return [ map {
            local *RT::Scrips::Prepare = /^Subject:.*#\d/m ? \&RT::Scrips::Prepare : sub { 0 };
            my ($status, $error, $ticket) = RT::Interface::Email::Gateway(
                { queue => $queue, action => 'correspond', message => Encode::encode('UTF-8', $_) });
            done($status == 1, "the mail gateway says: $error");
            $ticket->id;
        } @mails ];
    },

    # Tickets of a customer's, the quick way.
    opened => sub { my @ids = opened(@_); return scalar @ids },

    # Tickets, the quick way, a minute apart and the last one a day ago; the answer is the id of RT's
    # last transaction.
    tickets => sub {
        my ($queue, $requestor, $count) = @_;
        $RT::Handle->BeginTransaction;
        my $number = 0;
        for my $id (opened($queue, $requestor, $count)) {
            $number++;
            my $at = RT::Date->new(RT->SystemUser);
            $at->Set(Format => 'unix', Value => time - 86400 - 60 * ($count - $number));
            $RT::Handle->SimpleQuery($_, $at->ISO, $id) for
                'UPDATE Tickets SET LastUpdated = ? WHERE id = ?',
                'UPDATE Tickets SET Created = ? WHERE id = ?',
                "UPDATE Transactions SET Created = ? WHERE ObjectType = 'RT::Ticket' AND ObjectId = ?";
        }
        $RT::Handle->Commit;
        my $transactions = RT::Transactions->new(RT->SystemUser);
        $transactions->UnLimit;
        $transactions->OrderBy(FIELD => 'id', ORDER => 'DESC');
        return $transactions->First->id;
    },

    # Custom fields of a queue's tickets, by name: [type, how many values at most, choices …].
    fields => sub {
        my ($queue, $fields) = @_;
        for my $name (sort keys %$fields) {
            my ($type, $most, @choices) = @{ $fields->{$name} };
            my $field = RT::CustomField->new(RT->SystemUser);
            done($field->Create(
                Name => $name, Type => $type, MaxValues => $most, LookupType => 'RT::Queue-RT::Ticket',
            ));
            done($field->AddToObject(named('RT::Queue', $queue)));
            done($field->AddValue(Name => $_)) for @choices;
        }
        return JSON::true;
    },

    arrange => sub {
        my ($id, %fields) = @_;
        my $ticket = named('RT::Ticket', $id);
        done($ticket->SetStatus($fields{status}))
            if $fields{status} && $fields{status} ne $ticket->Status;
        done($ticket->SetOwner($fields{assignee}, 'Force')) if $fields{assignee};
        done($ticket->SetQueue($fields{team}))
            if $fields{team} && $fields{team} ne $ticket->QueueObj->Name;
        return JSON::true;
    },

    # Transactions as if a ticket had been deleted so often; it stays as it is.
    deleted => sub {
        my ($id, $count) = @_;
        my $ticket = named('RT::Ticket', $id);
        my %deletion = (Type => 'Status', Field => 'Status', OldValue => 'open', NewValue => 'deleted');
        done($ticket->_NewTransaction(%deletion, ActivateScrips => 0)) for 1 .. $count;
        return JSON::true;
    },

    # As if a ticket had been created at this time (UTC); since 5.0.3+dfsg-3~deb12u7 the REST API
    # drops the field.
    created => sub {
        my ($at, $id) = @_;
        $RT::Handle->SimpleQuery('UPDATE Tickets SET Created = ? WHERE id = ?', $at, $id);
        return JSON::true;
    },

    # As if tickets had last changed at this time (UTC).
    age => sub {
        my ($at, @ids) = @_;
        $RT::Handle->SimpleQuery('UPDATE Tickets SET LastUpdated = ? WHERE id = ?', $at, $_) for @ids;
        return JSON::true;
    },

    notes => sub {
        my ($id, @texts) = @_;
        my $ticket = named('RT::Ticket', $id);
        done($ticket->Comment(Content => $_)) for @texts;
        return JSON::true;
    },

    messages => sub {
        my ($id) = @_;
        my $ticket = named('RT::Ticket', $id);
        my %customer = map { $_->id => 1 } @{ $ticket->Requestors->UserMembersObj->ItemsArrayRef };
        my @types = ('Create', 'Correspond', 'Comment', 'Forward Ticket', 'Forward Transaction');
        my $transactions = $ticket->Transactions;
        $transactions->Limit(FIELD => 'Type', OPERATOR => 'IN', VALUE => \@types);
        return [ map {
            my $body = $_->ContentObj;
            +{  type        => $_->Type,
                by_customer => $customer{ $_->Creator } ? JSON::true : JSON::false,
                html        => $body && $body->ContentType eq 'text/html' ? JSON::true : JSON::false,
                content     => $body ? $body->Content : '' };
        } @{ $transactions->ItemsArrayRef } ];
    },

    # The words of each mail that RT has put on record as sent.
    sent => sub {
        my ($id) = @_;
        my $transactions = named('RT::Ticket', $id)->Transactions;
        $transactions->Limit(FIELD => 'Type', VALUE => 'EmailRecord');
        return [ map {
            join "\n", map { $_->Content // '' } @{ $_->Attachments->ItemsArrayRef };
        } @{ $transactions->ItemsArrayRef } ];
    },

    # What makes RT send a mail: the ids that are in its message ids.
    scrips => sub {
        my $scrips = RT::Scrips->new(RT->SystemUser);
        $scrips->UnLimit;
        return { map { $_->id => $_->Description } @{ $scrips->ItemsArrayRef } };
    },
);

my $json = JSON->new->utf8;
$| = 1;
while (my $line = <STDIN>) {
    my ($name, @arguments) = @{ $json->decode($line) };
    # The server has changed the database since; RT caches records for half a minute.
    DBIx::SearchBuilder::Record::Cachable->FlushCache;
    my $result = eval { $answer{$name}->(@arguments) };
    my $error = $@;
    $RT::Handle->Rollback('force') if $RT::Handle->TransactionDepth;
    print $json->encode(defined $result ? { result => $result } : { error => "$error" }), "\n";
}
